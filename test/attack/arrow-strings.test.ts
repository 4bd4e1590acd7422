/**
 * Catches strings of Arrow columns that can be chosen to share a hash: each would be compared with all those before it.
 */

import type { Data } from 'apache-arrow';
import { expect, test, vi } from 'vitest';
import { writeCodes } from '../../bindings/arrow/texts';
import { random } from '../support/helpers';

const LEVELS = 14;
const N = 2 ** LEVELS;
const BLOCK = 4;

/** A step of FNV-1a, a well known hash without a secret. */
const step = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x01000193);

/** Two blocks of bytes that take the hash from one state to the same next one. */
function collision(state: number, next: () => number): [one: number[], other: number[], state: number] {
  const seen = new Map<number, number[]>();
  for (;;) {
    const block = Array.from({ length: BLOCK }, () => 33 + Math.floor(90 * next()));
    const hash = block.reduce(step, state);
    const other = seen.get(hash);
    if (other && String(other) !== String(block)) return [block, other, hash];
    seen.set(hash, block);
  }
}

/** Different strings of one length with one hash: each takes one of two blocks at each level. */
function colliding(next: () => number): number[][] {
  let state = LEVELS * BLOCK;
  let strings: number[][] = [[]];
  for (let level = 0; level < LEVELS; level++) {
    const [one, other, hash] = collision(state, next);
    strings = strings.flatMap((string) => [one, other].map((block) => [...string, ...block]));
    state = hash;
  }
  return strings;
}

/** The least time that it takes to encode strings, of three. */
function timeOf(strings: number[][]): number {
  const values = Uint8Array.from(strings.flat());
  const valueOffsets = Int32Array.from({ length: N + 1 }, (_, i) => i * LEVELS * BLOCK);
  const times = [1, 2, 3].map(() => {
    const codes = new Int32Array(N);
    const list: string[] = [];
    const start = performance.now();
    writeCodes({ valueOffsets, values } as unknown as Data, codes, list);
    const time = performance.now() - start;
    expect(new Set(list).size).toBe(N);
    expect(codes).toEqual(Int32Array.from(codes.keys()));
    return time;
  });
  return Math.min(...times);
}

test('strings that share the hash of a known function cost no more than others', { timeout: 60_000 }, () => {
  const next = random(20_261_130);
  const ordinary = Array.from({ length: N }, () =>
    Array.from({ length: LEVELS * BLOCK }, () => 33 + Math.floor(90 * next())),
  );
  expect(timeOf(colliding(next)) / timeOf(ordinary)).toBeLessThan(10);
});

// A page does not load a module a second time.
test.skipIf(typeof document !== 'undefined')('the hash has a secret, which is drawn with the first table', async () => {
  vi.resetModules();
  const draw = vi.spyOn(crypto, 'getRandomValues');
  const fresh: typeof import('../../bindings/arrow/texts') = await import('../../bindings/arrow/texts');
  expect(draw).not.toHaveBeenCalled();
  fresh.writeCodes(
    { valueOffsets: Int32Array.of(0, 1), values: Uint8Array.of(97) } as unknown as Data,
    new Int32Array(1),
    [],
  );
  expect(draw).toHaveBeenCalledOnce();
  draw.mockRestore();
});

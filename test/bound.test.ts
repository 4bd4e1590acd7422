/** What a call may need at the most is an upper bound: given just so much, no call fails. */

import { afterEach, expect, test, vi } from 'vitest';
import { count, hopping, type Spec, stddev, sum, tumbling, type WindowedStream, windowed } from '../bindings';
import { Core } from '../bindings/core';
import { random } from './helpers';

afterEach(() => vi.restoreAllMocks());

/** Lets every call have a share of its own demand, and nothing to fall back on. (A stream begins with `used`, then `limit`.) */
function allowOnly(share: number): void {
  vi.spyOn(Core.prototype, 'atomically').mockImplementation(function (this: Core, stream, demand, run) {
    const limit = new DataView(this.buffer).getFloat64(stream + 8, true);
    const used = new DataView(this.buffer).getFloat64(stream, true);
    new DataView(this.buffer).setFloat64(stream + 8, used + demand * share, true);
    run(true);
    new DataView(this.buffer).setFloat64(stream + 8, limit, true);
  });
}

function feed(seed: number): void {
  const next = random(seed);
  const whole = (n: number) => Math.floor(next() * n);
  const hops = () => hopping(1 + whole(60), 1 + whole(30));
  const stream = windowed({
    time: 't',
    ...(next() < 0.9 ? { key: 'k' } : {}),
    window: [hops(), tumbling(1 + whole(60)), { a: hops(), b: tumbling(1 + whole(20)) }][whole(3)] as Spec['window'],
    aggregates: { n: count(), s: sum('v'), ...(next() < 0.5 ? { d: stddev('v') } : {}) },
    outOfOrder: whole(2) * whole(100),
    allowedLateness: whole(2) * whole(60),
    emit: next() < 0.5 ? 'final' : 'updates',
  } as Spec) as unknown as WindowedStream;
  let clock = 0;
  let fresh = 0;
  for (let call = 0; call < 15; call++) {
    const length = 1 + Math.floor(next() ** 2 * 6000);
    const keys = 10 ** (next() * 4.5);
    const step = next() ** 4 * 0.5;
    const lag = next() < 0.4 ? next() * 150 : 0;
    const isNew = next() < 0.3;
    const t = Array.from({ length }, () => {
      clock += step * next();
      return clock - next() * lag;
    });
    const k = t.map(() => (isNew ? 1e6 + fresh++ : Math.floor(next() * keys)));
    stream.pushColumns({ t, k: seed % 3 ? k : k.map(String), v: t } as never);
    if (next() < 0.3) stream.take();
    if (next() < 0.1) stream.advance(clock - next() * 50);
  }
  stream.close();
  stream[Symbol.dispose]();
}

test('no call needs more than its demand', () => {
  allowOnly(1);
  for (let seed = 1; seed <= 60; seed++) feed(seed);
});

test('with a hundredth of it, some call fails', () => {
  allowOnly(0.01);
  expect(() => {
    for (let seed = 1; seed <= 60; seed++) feed(seed);
  }).toThrow(WebAssembly.RuntimeError);
});

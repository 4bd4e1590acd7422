/** What the suites share. */

import { expect } from 'vitest';
import { OrielError, type OrielErrorCode, type Window } from '../../bindings';
import { type GridWindow, windowsOf } from '../oracle';

/** Every [start, end) of a window on a grid that holds t, as the oracle has it. */
export function windowsAt(window: Window, t: number): [start: number, end: number][] {
  return windowsOf(window as GridWindow, t);
}

/** Runs what must be refused with that code, in a message that has all those parts. */
export function refused(code: OrielErrorCode, run: () => unknown, ...parts: string[]): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(OrielError);
  const { code: actual, message } = error as OrielError;
  expect([actual, message]).toEqual([code, expect.any(String)]);
  for (const part of parts) expect(message).toContain(part);
}

/** How many random cases a suite goes through: so many as usual, a share of that where another build or platform has them all, or as told. */
export function runs(usual: number): number {
  return Number(globalThis.process?.env.ORIEL_RUNS ?? Math.ceil(usual * __SHARE__));
}

/** So much as usual, or a share of it, in the same way. */
export function scaled(usual: number): number {
  return Math.ceil(usual * __SHARE__);
}

declare const __SHARE__: number;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

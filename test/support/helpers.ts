/** Helpers of all suites: refusals, sizes and seeds of random campaigns, random numbers. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { OrielError, type OrielErrorCode, type Window } from '../../bindings';
import { type GridWindow, windowsOf } from '../oracle';

const env = globalThis.process?.env ?? {};

// A failed property prints its seed and path. These two variables run that case again.
if (env.ORIEL_SEED) {
  fc.configureGlobal({ seed: Number(env.ORIEL_SEED), ...(env.ORIEL_PATH ? { path: env.ORIEL_PATH } : {}) });
}

/** Every [start, end) of a window on a grid that holds t, as the oracle has it. */
export function windowsAt(window: Window, t: number): [start: number, end: number][] {
  return windowsOf(window as GridWindow, t);
}

/** Expects that the call throws an OrielError with that code, in a message that has all the parts. */
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

/** Whether the call had enough memory. Any error other than a lack of memory is thrown on. */
export function fits(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY') return false;
    throw error;
  }
}

declare const __SHARE__: number;

/** How many random cases a campaign runs: the count given times the run's share, or what ORIEL_RUNS says. */
export function runs(count: number): number {
  return Number(env.ORIEL_RUNS ?? scaled(count));
}

/** A size times the run's share: 1 in the full run on the release build, 0.2 in all others. */
export function scaled(size: number): number {
  return Math.ceil(size * __SHARE__);
}

/** Where campaigns that count seeds up begin: at 1, or at ORIEL_SEED. */
export const FIRST_SEED = Number(env.ORIEL_SEED ?? 1);

/** Random numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

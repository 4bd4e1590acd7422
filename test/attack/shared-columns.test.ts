/**
 * Columns that another thread writes to while they are pushed. This suite catches values that were not checked: they
 * would hang the stream, or end it with a trap. A thread that writes at the worst moment is played by the core: the
 * columns change in the middle of a call, at each of its crossings into the core.
 */

import { describe, expect, test } from 'vitest';
import { core } from '../../bindings/base/core';
import { count, type OrielError, session, sum, tumbling, type Window, windowed } from '../../bindings/index';

const N = 10_000;

function shared(values: (i: number) => number, n: number): Float64Array {
  const column = new Float64Array(new SharedArrayBuffer(8 * n));
  for (let i = 0; i < n; i++) column[i] = values(i);
  return column;
}

/** Runs `run`; before its i-th call of one of the core's exports, `write` is called. */
function interrupted(i: number, write: () => void, run: () => void): void {
  const { exports } = core();
  const table = exports as unknown as Record<string, unknown>;
  const originals = { ...table };
  let calls = 0;
  for (const [name, value] of Object.entries(originals)) {
    if (typeof value !== 'function') continue;
    table[name] = (...given: unknown[]) => {
      if (calls++ === i) write();
      return value(...given);
    };
  }
  try {
    run();
  } finally {
    Object.assign(table, originals);
  }
}

const windows: Record<string, Window> = {
  tumbling: tumbling(100),
  session: session(5) as never,
  gaps: session('gap') as never,
};

describe.skipIf(typeof SharedArrayBuffer === 'undefined')('another thread writes to columns', () => {
  for (const [name, window] of Object.entries(windows)) {
    for (const n of [100, N]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
        test(`${bad} into ${n} events of ${name} gets that call refused, or nothing`, () => {
          for (let i = 0; i < 40; i++) {
            const stream = windowed({
              time: 't',
              window,
              aggregates: { n: count(), s: sum('x') },
              outOfOrder: 5,
            } as never);
            const t = shared((j) => j, n);
            const gap = shared(() => 3, n);
            const x = shared(() => 1, n);
            let code: string | undefined;
            interrupted(
              i,
              () => {
                for (let j = n >> 1; j < n; j++) {
                  if (bad > 0 || Number.isNaN(bad)) t[j] = bad;
                  gap[j] = bad;
                }
              },
              () => {
                try {
                  stream.pushColumns({ t, gap, x } as never);
                } catch (error) {
                  code = (error as OrielError).code;
                }
              },
            );
            expect([undefined, 'ERR_ORIEL_TIME', 'ERR_ORIEL_COLUMN']).toContain(code);
            expect(stream.stats()).toMatchObject({ events: code ? 0 : n, late: 0 });
            const total = [...(stream.close() as Iterable<{ n: number }>)].reduce((all, row) => all + row.n, 0);
            expect(total).toBe(code ? 0 : n);
          }
        });
      }
    }
  }
});

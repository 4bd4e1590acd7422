/** Runs one of the cases of the suites of terminates.ts, by its name, and prints its results. */

import { readFileSync } from 'node:fs';
import { provideCore } from '../../../bindings/base/core';
import {
  count,
  cumulative,
  everything,
  hopping,
  type OrielError,
  rolling,
  type Spec,
  session,
  tumbling,
  type Window,
} from '../../../bindings/public';
import { windowed } from '../../../bindings/stream/windowed';

provideCore(() => new WebAssembly.Module(readFileSync(new URL('../../../build/release.wasm', import.meta.url))));

const MAKERS = { tumbling, hopping, cumulative, session, rolling, everything };

/** A window as the name and arguments of the function that makes it, because JSON cannot carry windows. */
export type Made = [name: keyof typeof MAKERS, ...given: unknown[]];

function made([name, ...given]: Made): Window {
  return (MAKERS[name] as (...given: unknown[]) => Window)(...given);
}

type Input = 'push' | 'pushRows' | 'pushColumns' | 'advance' | 'claim' | 'take' | 'stats' | 'close';

const cases = {
  windows(window: Made, times: number[], outOfOrder: number, emit: Spec['emit']): unknown {
    const stream = windowed({ time: 't', window: made(window), aggregates: { n: count() }, outOfOrder, emit });
    stream.pushColumns({ t: times });
    const rows = stream.close().toArray() as { start: number; end: number; t?: number; n: number }[];
    return rows.map(({ start, end, t, n }) => [start ?? t, end ?? t, n]);
  },

  /** Pushes late events again, at time 100, from the onLate that the input calls. */
  pushAgain(input: Input): unknown {
    let refused = 0;
    const stream = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { n: count('v') },
      onLate: (batch) => {
        for (const { v } of batch) {
          try {
            stream.push({ t: 100, v });
          } catch (error) {
            if ((error as OrielError).code !== 'ERR_ORIEL_CLOSED') throw error;
            refused++;
          }
        }
      },
    });
    stream.push({ t: 100, v: 1 });
    stream.push({ t: 5, v: 1 });
    if (input === 'push') stream.push({ t: 101, v: 1 });
    if (input === 'pushRows') stream.pushRows([{ t: 101, v: 1 }]);
    if (input === 'pushColumns') stream.pushColumns({ t: [101], v: [1] });
    if (input === 'advance') stream.advance(101);
    if (input === 'take') stream.take();
    if (input === 'claim') {
      const { t, v } = stream.claim(1);
      t[0] = 101;
      v[0] = 1;
      stream.commit(1);
    }
    if (input !== 'close') stream.stats();
    const n = stream.close().columns.n.reduce((a, b) => a + b, 0);
    return { counted: n + refused, late: stream.stats().late };
  },
};

const [name, args] = process.argv.slice(2) as [keyof typeof cases, string];
console.log(JSON.stringify((cases[name] as (...args: unknown[]) => unknown)(...JSON.parse(args))));

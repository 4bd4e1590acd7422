/** The entry `oriel`: the core is inlined in the package as base64 and compiled on first use. */

import bytes from '../build/release.wasm';
import { provideBase64 } from './base/core';
import type { Spec } from './spec/spec';
import type { WindowedStream } from './stream/stream';
import { windowed as make } from './stream/windowed';
import { startWorkers, type WindowedWorker, type WorkerOptions } from './worker/owner';

export * from './public';

/**
 * Starts a windowed stream that runs in one or more workers and takes events from any thread.
 * See {@link WindowedWorker}.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC also for `clock`, `emit.when` and `punctuated`, because functions cannot be sent
 *   to another thread (`onLate` and `fold` can be used: they run here); ERR_ORIEL_THREAD if no worker can be started;
 *   ERR_ORIEL_MEMORY
 *
 * @example const stream = await windowedWorker({ time: 'at', window: tumbling('1m'), aggregates: { n: count() } });
 */
export function windowedWorker<const S extends Spec>(spec: S, options: WorkerOptions = {}): Promise<WindowedWorker<S>> {
  provideBase64(bytes);
  return startWorkers(spec, options);
}

/**
 * Makes a windowed stream on this thread: events in, one row for each key and window out.
 *
 * The spec is checked completely before anything is built. The types of events and rows follow from it.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC, naming the field, the accepted values and the given one; ERR_ORIEL_MEMORY;
 *   ERR_ORIEL_CORE
 *
 * @example
 * const visits = windowed({
 *   time: 'at',
 *   key: 'user',
 *   window: hopping('1m', '10s'),
 *   aggregates: { visits: count(), bytes: sum('bytes') },
 *   outOfOrder: '2s',
 * });
 * visits.push({ at: Date.now(), user: 'ada', bytes: 512 });
 * for (const row of visits.take()) console.log(row.user, row.visits, row.bytes);
 */
export const windowed: typeof make = <const S extends Spec>(spec: S): WindowedStream<S> => {
  provideBase64(bytes);
  return make(spec);
};

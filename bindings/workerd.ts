/**
 * The entry `oriel` for platforms that compile WebAssembly only ahead of time (Cloudflare Workers): the core is
 * imported.
 */

import module from 'oriel/core.wasm';
import { provideCore } from './base/core';
import type { Spec } from './spec/spec';
import type { WindowedStream } from './stream/stream';
import { windowed as make } from './stream/windowed';
import { startWorkers } from './worker/owner';

export * from './public';

/** Not available on this platform, which cannot start workers. @throws {OrielError} ERR_ORIEL_THREAD */
export const windowedWorker: typeof startWorkers = (spec, options) => {
  provideCore(() => module);
  return startWorkers(spec, options);
};

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
  provideCore(() => module);
  return make(spec);
};

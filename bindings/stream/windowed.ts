import type { Spec } from '../spec/spec';
import { WindowedStream } from './stream';

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
export function windowed<const S extends Spec>(spec: S): WindowedStream<S> {
  return new WindowedStream(spec);
}

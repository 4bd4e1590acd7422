import type { Spec } from '../spec/spec';
import { WindowedStream } from './stream';

/**
 * A stream of events in, of windows out.
 *
 * The spec is checked whole before anything is built; the types of events and results follow from it.
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
 *
 * @throws {OrielError} ERR_ORIEL_SPEC naming the field, what was given and what is accepted; ERR_ORIEL_MEMORY
 */
export function windowed<const S extends Spec>(spec: S): WindowedStream<S> {
  return new WindowedStream(spec);
}

/** What a stream is told. */

import type { WindowBatch } from '../base/batch';
import type { AnyAggregate } from './aggregates';
import type { Extent } from './duration';
import type { Expression } from './expression';
import type { Window } from './windows';

/** Everything a stream is told. */
export interface Spec {
  /**
   * The column of event times: numbers in any unit, milliseconds since the epoch where durations are given as strings. None: the time at
   * which events come, by `clock`; rows then have it as `time`.
   */
  readonly time?: string;
  /** The column, or columns, whose values group the events; none: one group for all. */
  readonly key?: string | readonly string[];
  /** The window, or several by name, which share the work. */
  readonly window: Window | Readonly<Record<string, Window>>;
  /** The figures, by the name they have in the results. */
  readonly aggregates: Readonly<Record<string, AnyAggregate>>;
  /** Which events are taken: those for which it holds. All others are counted as filtered, and move time on all the same. */
  readonly where?: Expression;
  /** How far behind the newest event an event may come and still count as in order. Default 0. */
  readonly outOfOrder?: Extent;
  /** How long after its end a window still takes late events. Default 0. */
  readonly allowedLateness?: Extent;
  /**
   * `'final'` (default): one result per key and window, when the window closes. `'updates'`: a result when its end has passed, and
   * a new one for each late event that changes it. `{ every }` and `{ when }`: these, and early results of what is new in windows that have not
   * ended, whenever the watermark passes a multiple of `every`, or for the key of an event for which `when` is true.
   */
  readonly emit?: 'final' | 'updates' | EarlyFiring;
  /** `false`: where a window gives several results, each has only what is new since the one before. Default true. */
  readonly accumulate?: boolean;
  /**
   * `'fill'`: windows without events give results as well, from the first that a key has on; every key that ever came is then remembered.
   * For windows of time with `emit: 'final'`. Default `'skip'`.
   */
  readonly empty?: 'skip' | 'fill';
  /**
   * What such a result holds. `'missing'` (default): what no events give, 0 for counts and NaN; `'zero'`; `'previous'`: the key's last result;
   * `'linear'`: between the key's last result and its next, given out when that is there.
   */
  readonly fill?: 'missing' | 'zero' | 'previous' | 'linear';
  /** Receives the events that no window took; they are counted anyway. Called when the call that brought them is done. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows' type follows from the rest of the spec
  readonly onLate?: (batch: WindowBatch<any>) => void;
  /** How far ahead of the newest event an event may be; what is beyond is counted as future and not taken. */
  readonly maxFutureSkew?: Extent;
  /**
   * When no event has come for so long, by `clock`, time is taken to go on with it: `take`, `stats` and `query` then move the watermark on.
   */
  readonly idle?: Extent;
  /** What time it is, in the unit of the times. Default `Date.now`. */
  readonly clock?: () => number;
  /** Bounds what the stream holds: bytes, or such as `'256mb'`. Default: what WebAssembly has, 4 GB for all streams. */
  readonly memory?: { readonly maximum: number | string };
}

/** When windows fire before their end; at least one of the two. */
export interface EarlyFiring {
  readonly every?: Extent;
  /** Asked once for every event, in order of arrival; of columns, with an object that is used again for the next. */
  // biome-ignore lint/suspicious/noExplicitAny: the events' type follows from the rest of the spec
  readonly when?: (event: any) => boolean;
}

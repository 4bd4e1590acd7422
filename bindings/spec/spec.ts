/** The spec of a stream: what `windowed` takes. */

import type { WindowBatch } from '../base/batch';
import type { AnyAggregate } from './aggregates';
import type { Extent } from './duration';
import type { Expression } from './expression';
import type { Window } from './windows';

/**
 * The definition of a stream: columns, windows, aggregates, and how it treats time. Only `window` and `aggregates` are
 * required.
 */
export interface Spec {
  /**
   * The column of event times: numbers in any unit. If lengths of time are given as strings (`'10s'`), times must be in
   * milliseconds; calendar windows need milliseconds since the epoch. Without this field an event's time is the `clock`
   * when it is pushed, and is called `time` in results.
   */
  readonly time?: string;
  /** The column, or the list of columns, by which events are grouped. Without it all events form one group. */
  readonly key?: string | readonly string[];
  /** The window, or a record of up to 255 windows by name. Each row then has the name of its window as `window`. */
  readonly window: Window | Readonly<Record<string, Window>>;
  /** The aggregates, by the names that they have in the results. */
  readonly aggregates: Readonly<Record<string, AnyAggregate>>;
  /**
   * Only events for which this condition is true are aggregated. The others are counted as `filtered`; they still move
   * the watermark.
   */
  readonly where?: Expression;
  /**
   * How far behind the newest event time an event may be: the watermark is the newest event time minus this. Default 0.
   */
  readonly outOfOrder?: Extent;
  /** How long after its end, in event time, a window still accepts events. Default 0. */
  readonly allowedLateness?: Extent;
  /**
   * When a window emits results.
   *
   * - `'final'` (default): once for each key, when the window closes (its end plus `allowedLateness`).
   * - `'updates'`: when the watermark passes its end, and again for each late event that it still accepts.
   * - `{ every, when }`: as `'updates'`, and also before its end: whenever the watermark passes a multiple of `every`,
   *   for each key with new events; and after an event for which `when` is true, for its key.
   */
  readonly emit?: 'final' | 'updates' | EarlyFiring;
  /**
   * If a window emits several results: whether each covers all its events (true, default) or only those since the one
   * before (false).
   */
  readonly accumulate?: boolean;
  /**
   * `'fill'`: windows without events emit results too, for each key from its first result on. Every key that ever had a
   * result is then kept. Only for tumbling, hopping, cumulative and calendar windows with `emit: 'final'`. Default
   * `'skip'`.
   */
  readonly empty?: 'skip' | 'fill';
  /**
   * What the result of a window without events holds. Needs `empty: 'fill'`.
   *
   * - `'missing'` (default): the values of an empty window, which are 0 for counts and NaN for other numbers
   * - `'zero'`: 0 for every number
   * - `'previous'`: the values of the key's last result
   * - `'linear'`: numbers interpolated between the key's last result and its next, emitted just before that next result
   */
  readonly fill?: 'missing' | 'zero' | 'previous' | 'linear';
  /**
   * Is called with the events that were late for all their windows, at the end of the call that brought them. They are
   * counted anyway.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the rows' type follows from the rest of the spec
  readonly onLate?: (batch: WindowBatch<any>) => void;
  /**
   * How far ahead of the newest event time an event may be. Events beyond that are counted as `future` and ignored.
   * Default: no limit.
   */
  readonly maxFutureSkew?: Extent;
  /**
   * If no event has arrived for this long by `clock`, event time goes on with the clock: `take`, `stats` and `query`
   * move the watermark to the newest event time plus the silence, minus `outOfOrder`. Default: never.
   */
  readonly idle?: Extent;
  /** Returns the current time, in the unit of event times. Default `Date.now`. */
  readonly clock?: () => number;
  /**
   * The most memory the stream may use: bytes, or a string such as `'256mb'`. The strings that it keeps count, by an
   * estimate: see `Stats.bytes`. Default: 4 GB, the limit of WebAssembly for all streams, without strings.
   */
  readonly memory?: { readonly maximum: number | string };
}

/** When windows fire before their end. At least one of the two must be given. */
export interface EarlyFiring {
  /** Fires whenever the watermark passes a multiple of this length of time. */
  readonly every?: Extent;
  /**
   * Fires the windows of an event's key if it returns true. It is called once for every event, in order of arrival. For
   * events pushed as columns the argument is one object that is reused for every event.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the events' type follows from the rest of the spec
  readonly when?: (event: any) => boolean;
}

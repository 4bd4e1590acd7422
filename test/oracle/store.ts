/** The base of all kinds of windows: events as they arrived, spans of one key, and the rows that spans fire. */

import type { GridWindow } from './grid';
import type { RollingWindow } from './rolling';
import type { CountedWindow, PunctuatedWindow } from './rows';
import type { SessionWindow } from './session';

export interface OracleEvent {
  t: number;
  key: string;
  v: number;
  /** The value of the second column, for aggregates that have two. */
  w?: number;
  /** How much a counter grew since the previous sample of its key: see counter.ts. */
  step?: number;
  gap?: number;
}

export interface Arrived extends OracleEvent {
  /** The number of events that arrived before this one. */
  n: number;
}

export interface OracleRow {
  window: string;
  start: number;
  end: number;
  key: string;
  pane: 'early' | 'on-time' | 'late';
  index: number;
  final: boolean;
  /** The events that the row's aggregates are over, in order of arrival. */
  events: OracleEvent[];
  /** In a rolling window, the time of the event whose row this is. */
  t?: number;
  /**
   * The place among rows of one window with the same start and end. If undefined, such rows are in the order in which
   * their keys came alive.
   */
  serial: number | undefined;
}

export type OracleWindow = GridWindow | SessionWindow | CountedWindow | PunctuatedWindow | RollingWindow;

export interface Rules {
  windows: Record<string, OracleWindow>;
  outOfOrder: number;
  allowedLateness: number;
  maxFutureSkew: number;
  /** Events for which this is false only move the clock. */
  where?: ((event: OracleEvent) => boolean) | undefined;
  emit: 'final' | 'updates' | { every?: number; when?: (event: OracleEvent) => boolean };
  /** Default true. */
  accumulate?: boolean;
}

/** The events of one key in one window, and how far its rows have fired. */
export interface Span {
  key: string;
  start: number;
  end: number;
  serial: number | undefined;
  /** All events, in order of arrival. */
  events: Arrived[];
  /** The events that no row has had yet, in order of arrival. */
  fresh: Arrived[];
  /** The number of rows fired. */
  index: number;
  /** Whether the row on time has fired. */
  fired: boolean;
}

export function emptySpan(key: string, start: number, end: number, serial?: number): Span {
  return { key, start, end, serial, events: [], fresh: [], index: 0, fired: false };
}

export function add(span: Span, event: Arrived): void {
  span.events.push(event);
  span.fresh.push(event);
}

export interface Taken {
  /** Whether some window would hold the event if it were in time. */
  held: boolean;
  /** Whether some window took the event. */
  taken: boolean;
  /** The rows that the event fired. */
  rows: OracleRow[];
}

/** All windows of one descriptor. Before it takes an event, the oracle moves the watermark and calls `advance`. */
export abstract class Store {
  constructor(
    readonly name: string,
    readonly rules: Rules,
  ) {}

  abstract take(event: Arrived, watermark: number): Taken;

  /** Fires the windows that the watermark completes. At Infinity, the end of the stream, all windows fire. */
  abstract advance(watermark: number): OracleRow[];

  /** The spans that may fire early, because they are not complete. */
  protected unfinished(): Span[] {
    return [];
  }

  /** Fires early every span with fresh events, of one key or of all. */
  early(key?: string): OracleRow[] {
    return this.unfinished()
      .filter((span) => span.fresh.length > 0 && (key === undefined || key === span.key))
      .flatMap((span) => this.give(span, 'early', false));
  }

  /** How long after its end a window fires on time. */
  get delay(): number {
    return this.rules.emit === 'final' ? this.rules.allowedLateness : 0;
  }

  /** The span's next row, or none if rows hold fresh events only and there are none. */
  protected give(span: Span, pane: OracleRow['pane'], final: boolean): OracleRow[] {
    const { emit, accumulate = true } = this.rules;
    const events = accumulate || emit === 'final' ? [...span.events] : span.fresh;
    span.fresh = [];
    if (events.length === 0) return [];
    const { key, start, end, serial } = span;
    return [{ window: this.name, start, end, key, pane, index: span.index++, final, events, serial }];
  }
}

/** What all kinds of windows share: events as they arrived, spans of one key, and the rows that spans give. */

import type { GridWindow } from './grid';
import type { RollingWindow } from './rolling';
import type { CountedWindow, PunctuatedWindow } from './rows';
import type { SessionWindow } from './session';

export interface OracleEvent {
  t: number;
  key: string;
  v: number;
  /** The second column, of aggregates that have two. */
  w?: number;
  /** By how much a counter grew since its key's sample before: see counter.ts. */
  step?: number;
  gap?: number;
}

export interface Arrived extends OracleEvent {
  /** How many came before it. */
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
  /** What the row's aggregates are over, in order of arrival. */
  events: OracleEvent[];
  /** Of a rolling window: the time of the event whose row it is. */
  t?: number;
  /** Place among rows of one window, start and end; undefined: by the order in which keys came alive. */
  serial: number | undefined;
}

export type OracleWindow = GridWindow | SessionWindow | CountedWindow | PunctuatedWindow | RollingWindow;

export interface Rules {
  windows: Record<string, OracleWindow>;
  outOfOrder: number;
  allowedLateness: number;
  maxFutureSkew: number;
  /** Events for which it is false only move the clock. */
  where?: ((event: OracleEvent) => boolean) | undefined;
  emit: 'final' | 'updates' | { every?: number; when?: (event: OracleEvent) => boolean };
  /** Default true. */
  accumulate?: boolean;
}

/** Events of one key in one window, and what became of them. */
export interface Span {
  key: string;
  start: number;
  end: number;
  serial: number | undefined;
  /** In order of arrival, as are those that no row had yet. */
  events: Arrived[];
  fresh: Arrived[];
  /** Rows given. */
  index: number;
  /** Whether it gave its row on time. */
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
  /** Whether some window would hold the event, were it in time. */
  held: boolean;
  /** Whether one did take it. */
  taken: boolean;
  /** What it made fire. */
  rows: OracleRow[];
}

/** All windows of one descriptor. The watermark has been moved, and `advance` called, before an event is taken. */
export abstract class Store {
  constructor(
    readonly name: string,
    readonly rules: Rules,
  ) {}

  abstract take(event: Arrived, watermark: number): Taken;

  /** Fires what the watermark completes; at Infinity, which is the end of the stream, everything. */
  abstract advance(watermark: number): OracleRow[];

  /** What may fire early: what is not complete. */
  protected unfinished(): Span[] {
    return [];
  }

  /** Fires early what has something new, of one key or of all. */
  early(key?: string): OracleRow[] {
    return this.unfinished()
      .filter((span) => span.fresh.length > 0 && (key === undefined || key === span.key))
      .flatMap((span) => this.give(span, 'early', false));
  }

  /** How long after its end a window is complete. */
  get delay(): number {
    return this.rules.emit === 'final' ? this.rules.allowedLateness : 0;
  }

  /** The span's next row; none where rows have only what is new, and nothing is. */
  protected give(span: Span, pane: OracleRow['pane'], final: boolean): OracleRow[] {
    const { emit, accumulate = true } = this.rules;
    const events = accumulate || emit === 'final' ? [...span.events] : span.fresh;
    span.fresh = [];
    if (events.length === 0) return [];
    const { key, start, end, serial } = span;
    return [{ window: this.name, start, end, key, pane, index: span.index++, final, events, serial }];
  }
}

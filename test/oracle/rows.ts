/**
 * Windows over a key's events in order of arrival, whatever their times. A window holds a number of events, or it ends
 * with an event that a predicate selects.
 */

import {
  type Arrived,
  add,
  emptySpan,
  type OracleEvent,
  type OracleRow,
  type Rules,
  type Span,
  Store,
  type Taken,
} from './store';

/** Window k holds the key's events number k * every up to k * every + size - 1. */
export interface CountedWindow {
  kind: 'counted';
  size: number;
  every: number;
}

/** An event for which the predicate is true is the last of its window. */
export interface PunctuatedWindow {
  kind: 'punctuated';
  predicate: (event: OracleEvent) => boolean;
}

export class Rows extends Store {
  #open: Span[] = [];
  #created = 0;
  /** The number of events of each key. */
  readonly #counts = new Map<string, number>();

  constructor(
    name: string,
    rules: Rules,
    readonly window: CountedWindow | PunctuatedWindow,
  ) {
    super(name, rules);
  }

  take(event: Arrived): Taken {
    const { key, t } = event;
    const number = this.#counts.get(key) ?? 0;
    this.#counts.set(key, number + 1);
    if (this.#begins(key, number)) this.#open.push(emptySpan(key, Infinity, -Infinity, this.#created++));
    const holding = this.#open.filter((span) => span.key === key);
    for (const span of holding) {
      add(span, event);
      span.start = Math.min(span.start, t);
      span.end = Math.max(span.end, t);
    }
    const over = holding.filter((span) => this.#isFull(span, event));
    this.#open = this.#open.filter((span) => !over.includes(span));
    const rows = over.flatMap((span) => this.give(span, 'on-time', true));
    return { held: holding.length > 0, taken: holding.length > 0, rows };
  }

  advance(watermark: number): OracleRow[] {
    if (watermark < Infinity) return [];
    const open = this.#open;
    this.#open = [];
    return open.flatMap((span) => this.give(span, 'on-time', true));
  }

  /** Hopping windows of rows do not fire early. */
  protected override unfinished(): Span[] {
    return this.window.kind === 'punctuated' || this.window.size === this.window.every ? this.#open : [];
  }

  #begins(key: string, number: number): boolean {
    if (this.window.kind === 'punctuated') return !this.#open.some((span) => span.key === key);
    return number % this.window.every === 0;
  }

  #isFull(span: Span, event: Arrived): boolean {
    if (this.window.kind === 'punctuated') return this.window.predicate(event);
    return span.events.length === this.window.size;
  }
}

/**
 * Windows by definition: every window keeps every event, and every result is computed anew from all of them. The oracle
 * is slow, and short enough to be checked by eye against docs/semantics.md. It shares nothing with the core.
 */

import { Counters } from './counter';
import { Grid } from './grid';
import { Rolling, RollingRows } from './rolling';
import { Rows } from './rows';
import { CappedSessions, Sessions } from './session';
import type { OracleEvent, OracleRow, OracleWindow, Rules, Store } from './store';

export { About, type Case, cases, companion, type Figure, isNear, kindsOf } from './cases';
export { Counters } from './counter';
export { definitions, twoPass } from './definitions';
export { type GridWindow, windowsOf } from './grid';
export type { RollingWindow } from './rolling';
export type { CountedWindow, PunctuatedWindow } from './rows';
export type { SessionWindow } from './session';
export type { OracleEvent, OracleRow, OracleWindow, Rules } from './store';

export class Oracle {
  readonly rows: OracleRow[] = [];
  readonly lateEvents: OracleEvent[] = [];
  skipped = 0;
  future = 0;
  filtered = 0;
  watermark = -Infinity;
  newest = -Infinity;
  /** How far time was moved by hand, plus `outOfOrder`. */
  #reached = -Infinity;
  #arrived = 0;
  readonly #counters = new Counters();
  /** The stores of the windows, in the order of the record. */
  readonly #stores: Store[];
  /** Keys that are in a grid window, in the order in which they came alive. */
  #order: string[] = [];

  constructor(readonly rules: Rules) {
    this.#stores = Object.entries(rules.windows).map(([name, window]) => storeOf(name, rules, window));
  }

  /**
   * Moves the clock, which fires what is due; then takes the event, which may fire more; then fires early.
   *
   * @returns the event as it arrived, unless it was too far in the future or filtered
   */
  push(event: OracleEvent): OracleEvent | undefined {
    const { outOfOrder, maxFutureSkew, emit, where } = this.rules;
    const isFiltered = where !== undefined && !where(event);
    if (isFiltered) this.filtered++;
    if (this.newest !== -Infinity && event.t > Math.max(this.newest, this.#reached) + maxFutureSkew) {
      if (!isFiltered) this.future++;
      return undefined;
    }
    this.newest = Math.max(this.newest, event.t);
    this.#moveTo(this.newest - outOfOrder);
    if (isFiltered) return undefined;
    const arrived = { ...this.#counters.counted(event), n: this.#arrived++ };
    const results = this.#stores.map((store) => store.take(arrived, this.watermark));
    if (!this.#order.includes(event.key) && this.#isAlive(event.key)) this.#order.push(event.key);
    this.#give(results.flatMap(({ rows }) => rows));
    if (!results.some(({ held }) => held)) this.skipped++;
    else if (!results.some(({ taken }) => taken)) this.lateEvents.push(event);
    else if (typeof emit === 'object' && emit.when?.(event)) {
      // Windows on a grid ask together: all of them fire if one took the event.
      const onGrid = this.#stores.some((store, i) => store instanceof Grid && results[i]?.taken);
      const took = this.#stores.filter((store, i) => (store instanceof Grid ? onGrid : results[i]?.taken));
      this.#give(took.flatMap((store) => store.early(event.key)));
    }
    return arrived;
  }

  /** Moves time without an event. */
  advance(watermark: number): void {
    this.#reached = Math.max(this.#reached, watermark + this.rules.outOfOrder);
    this.#moveTo(watermark);
  }

  #moveTo(watermark: number): void {
    const { emit } = this.rules;
    const before = this.watermark;
    this.watermark = Math.max(before, watermark);
    this.#give(this.#stores.flatMap((store) => store.advance(this.watermark)));
    this.#order = this.#order.filter((key) => this.#isAlive(key));
    if (typeof emit !== 'object' || !emit.every || this.watermark === Infinity) return;
    if (Math.floor(before / emit.every) < Math.floor(this.watermark / emit.every)) {
      this.#give(this.#stores.flatMap((store) => store.early()));
    }
  }

  close(): void {
    this.advance(Infinity);
  }

  #isAlive(key: string): boolean {
    return this.#stores.some((store) => store instanceof Grid && store.holds(key));
  }

  /** Rows that fire together: by end, start, place of the window in the record, then key or serial. */
  #give(rows: OracleRow[]): void {
    const places = Object.keys(this.rules.windows);
    const place = (row: OracleRow) => places.indexOf(row.window);
    const rank = (row: OracleRow) => row.serial ?? this.#order.indexOf(row.key);
    // Infinity less itself is NaN, which `||` passes over as it does 0.
    const inOrder = (a: OracleRow, b: OracleRow) =>
      a.end - b.end || a.start - b.start || place(a) - place(b) || rank(a) - rank(b);
    this.rows.push(...rows.sort(inOrder));
  }
}

/** The store of a kind of window. A kind without a case here does not compile. */
function storeOf(name: string, rules: Rules, window: OracleWindow): Store {
  switch (window.kind) {
    case 'session':
      return window.max < Infinity ? new CappedSessions(name, rules, window) : new Sessions(name, rules, window);
    case 'counted':
    case 'punctuated':
      return new Rows(name, rules, window);
    case 'rolling':
      return new Rolling(name, rules, window);
    case 'rollingRows':
      return new RollingRows(name, rules, window);
    case 'tumbling':
    case 'hopping':
    case 'cumulative':
    case 'everything':
    case 'calendar':
      return new Grid(name, rules, window);
  }
}

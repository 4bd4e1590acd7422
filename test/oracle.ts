/**
 * Windows by the book: every window keeps every event, every result is computed anew from all of them. Slow, and short enough to
 * be checked by eye against the rules. Shares nothing with the core.
 */

import type { Spec, Window } from '../bindings';

export interface OracleEvent {
  t: number;
  key: string;
  v: number;
}

export interface OracleRow {
  window: string;
  start: number;
  end: number;
  key: string;
  pane: 'on-time' | 'late';
  /** Of the key in the window, in order of arrival. */
  events: OracleEvent[];
}

interface Kept {
  window: string;
  start: number;
  end: number;
  fired: boolean;
  events: OracleEvent[];
}

export interface Rules {
  windows: Record<string, Window>;
  outOfOrder: number;
  allowedLateness: number;
  maxFutureSkew: number;
  emit: NonNullable<Spec['emit']>;
}

export class Oracle {
  readonly rows: OracleRow[] = [];
  readonly lateEvents: OracleEvent[] = [];
  skipped = 0;
  future = 0;
  watermark = -Infinity;
  #newest = -Infinity;
  #kept: Kept[] = [];
  /** Keys in the order in which they came alive. */
  #order: string[] = [];

  constructor(readonly rules: Rules) {}

  push(event: OracleEvent): void {
    const { rules } = this;
    if (event.t > this.#newest) {
      if (event.t > this.#newest + rules.maxFutureSkew && this.#newest !== -Infinity) {
        this.future++;
        return;
      }
      this.#newest = event.t;
    }
    this.advance(this.#newest - rules.outOfOrder);
    let lies = false;
    let taken = false;
    for (const [name, window] of Object.entries(rules.windows)) {
      for (const [start, end] of windowsOf(window, event.t)) {
        lies = true;
        if (end + rules.allowedLateness <= this.watermark) continue;
        taken = true;
        const kept = this.#keep(name, start, end);
        kept.events.push(event);
        if (!this.#order.includes(event.key)) this.#order.push(event.key);
        if (!this.#isComplete(end)) continue;
        kept.fired = true;
        this.rows.push(this.#row(kept, event.key, 'late'));
      }
    }
    if (!lies) this.skipped++;
    else if (!taken) this.lateEvents.push(event);
  }

  advance(watermark: number): void {
    this.watermark = Math.max(this.watermark, watermark);
    const due = this.#kept.filter((kept) => !kept.fired && this.#isComplete(kept.end));
    for (const kept of due.sort((a, b) => a.end - b.end || a.start - b.start)) {
      kept.fired = true;
      for (const key of this.#order) {
        if (kept.events.some((event) => event.key === key)) this.rows.push(this.#row(kept, key, 'on-time'));
      }
    }
    this.#kept = this.#kept.filter((kept) => !kept.fired || kept.end + this.rules.allowedLateness > this.watermark);
    this.#order = this.#order.filter((key) =>
      this.#kept.some(({ events }) => events.some((event) => event.key === key)),
    );
  }

  #isComplete(end: number): boolean {
    return end + (this.rules.emit === 'updates' ? 0 : this.rules.allowedLateness) <= this.watermark;
  }

  #keep(window: string, start: number, end: number): Kept {
    const known = this.#kept.find((kept) => kept.window === window && kept.start === start);
    if (known) return known;
    const kept = { window, start, end, fired: false, events: [] };
    this.#kept.push(kept);
    return kept;
  }

  #row({ window, start, end, events }: Kept, key: string, pane: OracleRow['pane']): OracleRow {
    return { window, start, end, key, pane, events: events.filter((event) => event.key === key) };
  }
}

/** Every [start, end) that holds t. */
export function windowsOf({ size, every, offset }: Window, t: number): [number, number][] {
  const windows: [number, number][] = [];
  const last = Math.floor((t - offset) / every);
  for (let k = last - Math.ceil(size / every); k <= last; k++) {
    const start = offset + k * every;
    if (start <= t && t < start + size) windows.push([start, start + size]);
  }
  return windows;
}

/** Every aggregate by its definition, over the events of one key in one window in order of arrival. */
export const definitions: Record<string, (events: OracleEvent[]) => number> = {
  events: (events) => events.length,
  count: (events) => present(events).length,
  sum: (events) => orNaN(events, (values) => values.reduce((a, b) => a + b, 0)),
  mean: (events) => orNaN(events, (values) => values.reduce((a, b) => a + b, 0) / values.length),
  min: (events) => orNaN(events, (values) => Math.min(...values)),
  max: (events) => orNaN(events, (values) => Math.max(...values)),
  range: (events) => orNaN(events, (values) => Math.max(...values) - Math.min(...values)),
  product: (events) => orNaN(events, (values) => values.reduce((a, b) => a * b, 1)),
  first: (events) => byTime(events).at(0)?.v ?? Number.NaN,
  last: (events) => byTime(events).at(-1)?.v ?? Number.NaN,
  variance: (events) => twoPass(present(events).map(({ v }) => v)),
  stddev: (events) => Math.sqrt(twoPass(present(events).map(({ v }) => v))),
};

const present = (events: OracleEvent[]) => events.filter(({ v }) => !Number.isNaN(v));
/** Array.prototype.sort is stable: events of one time stay in order of arrival. */
const byTime = (events: OracleEvent[]) => present(events).sort((a, b) => a.t - b.t);

function orNaN(events: OracleEvent[], figure: (values: number[]) => number): number {
  const values = present(events).map(({ v }) => v);
  return values.length ? figure(values) : Number.NaN;
}

export function twoPass(values: number[]): number {
  if (values.length < 2) return Number.NaN;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
}

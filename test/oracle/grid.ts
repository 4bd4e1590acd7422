/** Windows whose bounds depend on time alone: tumbling, hopping, cumulative, calendar, everything. */

import { type Arrived, add, emptySpan, type OracleRow, type Rules, type Span, Store, type Taken } from './store';

export type GridWindow =
  | { kind: 'tumbling' | 'hopping' | 'cumulative'; size: number; every: number; offset: number }
  | { kind: 'everything' }
  | {
      kind: 'calendar';
      windowsOf: (t: number) => [start: number, end: number][];
      /** Makes the window as a user does, for random scenarios. */
      make?: () => unknown;
    };

/** Every [start, end) that holds t. */
export function windowsOf(window: GridWindow, t: number): [number, number][] {
  if (window.kind === 'everything') return [[-Infinity, Infinity]];
  if (window.kind === 'calendar') return window.windowsOf(t);
  const { size, every, offset } = window;
  const windows: [number, number][] = [];
  if (window.kind === 'cumulative') {
    const start = offset + Math.floor((t - offset) / size) * size;
    for (let j = 1; j <= Math.round(size / every); j++) windows.push([start, start + j * every]);
  } else {
    const last = Math.floor((t - offset) / every);
    for (let k = last - Math.ceil(size / every); k <= last; k++) {
      windows.push([offset + k * every, offset + k * every + size]);
    }
  }
  return windows.filter(([start, end]) => start <= t && t < end);
}

export class Grid extends Store {
  /** One span for each window that is not closed and each key that it has had. */
  #spans: Span[] = [];

  constructor(
    name: string,
    rules: Rules,
    readonly window: GridWindow,
  ) {
    super(name, rules);
  }

  take(event: Arrived, watermark: number): Taken {
    const windows = windowsOf(this.window, event.t);
    const open = windows.filter(([, end]) => end + this.rules.allowedLateness > watermark);
    const rows: OracleRow[] = [];
    for (const [start, end] of open) {
      const span = this.#span(event.key, start, end);
      add(span, event);
      if (end + this.delay > watermark) continue;
      span.fired = true;
      rows.push(...this.give(span, 'late', false));
    }
    return { held: windows.length > 0, taken: open.length > 0, rows };
  }

  advance(watermark: number): OracleRow[] {
    const isClosed = ({ end }: Span) => end + this.rules.allowedLateness <= watermark;
    const due = this.unfinished().filter(({ end }) => end + this.delay <= watermark);
    const rows = due.flatMap((span) => this.give(span, 'on-time', isClosed(span)));
    for (const span of due) span.fired = true;
    this.#spans = this.#spans.filter((span) => !isClosed(span));
    return rows;
  }

  /** Whether the key is in a window that is not closed. */
  holds(key: string): boolean {
    return this.#spans.some((span) => span.key === key);
  }

  protected override unfinished(): Span[] {
    return this.#spans.filter(({ fired }) => !fired);
  }

  #span(key: string, start: number, end: number): Span {
    const known = this.#spans.find((span) => span.key === key && span.start === start && span.end === end);
    if (known) return known;
    const span = emptySpan(key, start, end);
    this.#spans.push(span);
    return span;
  }
}

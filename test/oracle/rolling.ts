/** Rolling windows: every event has a row, over a frame that ends at the event. */

import { type Arrived, type OracleRow, type Rules, Store, type Taken } from './store';

export interface RollingWindow {
  kind: 'rolling' | 'rollingRows';
  /** The length of the frame, in units of time or in events of the key. */
  size: number;
  /** Which ends of the frame belong to it. */
  closed: 'right' | 'left' | 'both' | 'none';
}

/** Whether x lies in the frame of `at`, which reaches from `at - size` to `at`. */
function isWithin({ size, closed }: RollingWindow, at: number, x: number): boolean {
  if (x === at) return closed === 'right' || closed === 'both';
  if (x === at - size) return closed === 'left' || closed === 'both';
  return at - size < x && x < at;
}

/** Rolling windows by time: a row fires when no more event of its frame can be in time. */
export class Rolling extends Store {
  /** All events ever taken. */
  readonly #events: Arrived[] = [];
  #waiting: Arrived[] = [];

  constructor(
    name: string,
    rules: Rules,
    readonly window: RollingWindow,
  ) {
    super(name, rules);
  }

  take(event: Arrived, watermark: number): Taken {
    const taken = event.t + this.rules.allowedLateness >= watermark;
    if (taken) this.#events.push(event);
    if (taken) this.#waiting.push(event);
    return { held: true, taken, rows: [] };
  }

  advance(watermark: number): OracleRow[] {
    const due = this.#waiting.filter(({ t }) => t + this.rules.allowedLateness < watermark);
    this.#waiting = this.#waiting.filter((event) => !due.includes(event));
    return due.map((event) => {
      const ofKey = this.#events.filter(({ key }) => key === event.key);
      return rowOf(
        this.name,
        event,
        ofKey.filter(({ t }) => isWithin(this.window, event.t, t)),
      );
    });
  }
}

/** Rolling windows by rows: a frame holds a number of the key's events, in order of arrival. */
export class RollingRows extends Store {
  readonly #events: Arrived[] = [];

  constructor(
    name: string,
    rules: Rules,
    readonly window: RollingWindow,
  ) {
    super(name, rules);
  }

  take(event: Arrived): Taken {
    this.#events.push(event);
    const ofKey = this.#events.filter(({ key }) => key === event.key);
    const last = ofKey.length - 1;
    const frame = ofKey.filter((_, i) => isWithin(this.window, last, i));
    return { held: true, taken: true, rows: [rowOf(this.name, event, frame)] };
  }

  advance(): OracleRow[] {
    return [];
  }
}

/** The row of a frame. In the order of results it starts and ends at the event's time. */
function rowOf(window: string, { t, key, n }: Arrived, events: Arrived[]): OracleRow {
  return { window, start: t, end: t, key, pane: 'on-time', index: 0, final: true, events, t, serial: n };
}

/** Sessions: each event is an interval [t, t + gap); intervals of a key that meet are one session. */

import { type Arrived, add, emptySpan, type OracleRow, type Rules, type Span, Store, type Taken } from './store';

export interface SessionWindow {
  kind: 'session';
  /** The gap of all events, or the name of the column that holds each event's own gap. */
  gap: number | string;
  /** Whether intervals that touch without overlapping become one session. */
  touching: 'merge' | 'split';
  max: number;
  maxRows: number;
}

function gapOf({ gap }: SessionWindow, event: Arrived): number {
  return typeof gap === 'number' ? gap : Number((event as unknown as Record<string, unknown>)[gap]);
}

/** Whether a time is past. If touching intervals merge, an event at that very time may still join. */
function isPast({ touching }: SessionWindow, t: number, watermark: number): boolean {
  return touching === 'merge' ? t < watermark : t <= watermark;
}

/** Whether [start, end) meets the session. */
function meets({ touching }: SessionWindow, session: Span, start: number, end: number): boolean {
  if (touching === 'merge') return start <= session.end && session.start <= end;
  return start < session.end && session.start < end;
}

/** Sessions that grow and merge as events arrive, in any order. */
export class Sessions extends Store {
  /** Sessions that are open, or have fired and still accept late events. No two sessions of a key meet. */
  #live: Span[] = [];
  /** Sessions closed not long ago. An event that meets one of them is late. */
  #remembered: Span[] = [];
  #longestGap: number | undefined;
  /** Sessions that were forgotten ended before this time. */
  #horizon = -Infinity;
  #created = 0;

  constructor(
    name: string,
    rules: Rules,
    readonly window: SessionWindow,
  ) {
    super(name, rules);
    if (typeof window.gap === 'number') this.#longestGap = window.gap;
  }

  take(event: Arrived, watermark: number): Taken {
    const { t, key } = event;
    const gap = gapOf(this.window, event);
    const longest = this.#longestGap ?? gap;
    this.#longestGap = Math.max(longest, gap);
    const met = (session: Span) => session.key === key && meets(this.window, session, t, t + gap);
    const joined = this.#live.filter(met);
    const isOld = isPast(this.window, t + Math.min(gap, longest) + this.rules.allowedLateness, watermark);
    const isBehind = t < this.#horizon && joined.every((session) => t < session.start);
    if ((isOld && joined.length === 0) || isBehind || this.#remembered.some(met))
      return { held: true, taken: false, rows: [] };
    this.#live = this.#live.filter((session) => !joined.includes(session));
    const session = merged(event, gap, joined.length ? joined : [emptySpan(key, t, t + gap, this.#created++)]);
    if (session.events.length >= this.window.maxRows) {
      session.end = Math.max(...session.events.map((one) => one.t));
      return { held: true, taken: true, rows: this.give(session, 'on-time', true) };
    }
    this.#live.push(session);
    session.fired = isPast(this.window, session.end + this.delay, watermark);
    return { held: true, taken: true, rows: session.fired ? this.give(session, 'late', false) : [] };
  }

  advance(watermark: number): OracleRow[] {
    const { allowedLateness } = this.rules;
    const isClosed = ({ end }: Span) => isPast(this.window, end + allowedLateness, watermark);
    const due = this.unfinished().filter(({ end }) => isPast(this.window, end + this.delay, watermark));
    const rows = due.flatMap((session) => this.give(session, 'on-time', isClosed(session)));
    for (const session of due) session.fired = true;
    this.#remembered.push(...this.#live.filter(isClosed));
    this.#live = this.#live.filter((session) => !isClosed(session));
    const longest = this.#longestGap;
    if (longest === undefined) return rows;
    this.#remembered = this.#remembered.filter(
      ({ end }) => !isPast(this.window, end + allowedLateness + longest, watermark),
    );
    this.#horizon = Math.max(this.#horizon, watermark - allowedLateness - longest);
    return rows;
  }

  protected override unfinished(): Span[] {
    return this.#live.filter(({ fired }) => !fired);
  }
}

/** Merges the sessions that an event meets, and the event, into one session. */
function merged(event: Arrived, gap: number, sessions: Span[]): Span {
  const byArrival = (events: Arrived[]) => [...events, event].sort((a, b) => a.n - b.n);
  return {
    key: event.key,
    start: Math.min(event.t, ...sessions.map(({ start }) => start)),
    end: Math.max(event.t + gap, ...sessions.map(({ end }) => end)),
    serial: Math.min(...sessions.map(({ serial }) => serial as number)),
    events: byArrival(sessions.flatMap(({ events }) => events)),
    fresh: byArrival(sessions.flatMap(({ fresh }) => fresh)),
    index: Math.max(...sessions.map(({ index }) => index)),
    fired: false,
  };
}

/**
 * Sessions no longer than `max`. Where such a session ends depends on the order of its events, so events wait and are
 * taken in order of time.
 */
export class CappedSessions extends Store {
  #waiting: Arrived[] = [];
  #open: Span[] = [];
  #created = 0;

  constructor(
    name: string,
    rules: Rules,
    readonly window: SessionWindow,
  ) {
    super(name, rules);
  }

  take(event: Arrived, watermark: number): Taken {
    const taken = event.t + this.rules.allowedLateness >= watermark;
    if (taken) this.#waiting.push(event);
    return { held: true, taken, rows: [] };
  }

  advance(watermark: number): OracleRow[] {
    const { allowedLateness } = this.rules;
    const isDue = ({ t }: Arrived) => t + allowedLateness < watermark;
    for (const event of this.#waiting.filter(isDue).sort((a, b) => a.t - b.t || a.n - b.n)) this.#extend(event);
    this.#waiting = this.#waiting.filter((event) => !isDue(event));
    const over = this.#open.filter(({ end }) => isPast(this.window, end + allowedLateness, watermark));
    this.#open = this.#open.filter((session) => !over.includes(session));
    return over.flatMap((session) => this.give(session, 'on-time', true));
  }

  #extend(event: Arrived): void {
    const { t, key } = event;
    const { max } = this.window;
    const end = t + gapOf(this.window, event);
    let session = this.#open.findLast((one) => one.key === key);
    if (!session || !meets(this.window, session, t, end) || t >= session.start + max) {
      session = emptySpan(key, t, t, this.#created++);
      this.#open.push(session);
    }
    add(session, event);
    session.end = Math.min(Math.max(session.end, end), session.start + max);
  }
}

/**
 * Catches wrong answers to query: random streams ask at random moments, and each answer has to be what the events taken
 * so far give by definition. No question may change a result.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Oracle, type OracleEvent, type OracleWindow, windowsOf } from '../oracle';
import { checkLaws } from '../support/check-laws';
import { put } from '../support/doors';
import { runs } from '../support/helpers';
import {
  aggregates,
  eventsOf,
  FAMILIES,
  isBare,
  KEYS,
  made,
  named,
  outputsOf,
  type Row,
  type Scenario,
  scenarioOf,
  settled,
  windowed,
} from '../support/scenarios';

checkLaws();

/** What one window holds of a key at a time: its bounds, and its events in order of arrival. */
interface Held {
  start: number;
  end: number;
  events: OracleEvent[];
}

const NOTHING: Held = { start: Number.NaN, end: Number.NaN, events: [] };

/**
 * What the window holds at time t.
 *
 * @param events all events of a key that the window took, in order of arrival
 * @param inOrder whether a session with a greatest length has taken the event out of its wait
 */
function heldAt(
  window: OracleWindow,
  events: OracleEvent[],
  t: number,
  inOrder: (event: OracleEvent) => boolean,
): Held {
  switch (window.kind) {
    case 'session':
      return window.max < Infinity ? cappedAt(window, events.filter(inOrder), t) : sessionAt(window, events, t);
    case 'counted': {
      const { size, every } = window;
      const k = events.length < size ? 0 : Math.floor((events.length - size) / every) + 1;
      return boundedBy(events.slice(k * every, k * every + size));
    }
    case 'punctuated':
      return boundedBy(events.slice(events.findLastIndex(window.predicate) + 1));
    case 'rolling': {
      const isLeft = window.closed === 'left' || window.closed === 'both';
      const start = t - window.size;
      return { start, end: t, events: events.filter((one) => one.t > start || (isLeft && one.t === start)) };
    }
    case 'rollingRows': {
      const most = window.size + { right: 0, left: 0, both: 1, none: -1 }[window.closed];
      return { start: Number.NaN, end: t, events: events.slice(Math.max(0, events.length - most)) };
    }
    default: {
      const [bounds] = windowsOf(window, t).sort(([, a], [, b]) => a - b);
      if (!bounds) return NOTHING;
      const [start, end] = bounds;
      return { start, end, events: events.filter((one) => start <= one.t && one.t < end) };
    }
  }
}

function boundedBy(events: OracleEvent[]): Held {
  const times = events.map(({ t }) => t);
  return events.length ? { start: Math.min(...times), end: Math.max(...times), events } : NOTHING;
}

type Session = Extract<OracleWindow, { kind: 'session' }>;
const gapOf = ({ gap }: Session, event: OracleEvent) => (typeof gap === 'number' ? gap : (event.gap as number));

function sessionAt(window: Session, events: OracleEvent[], t: number): Held {
  const meet = (a: Held, b: Held) =>
    window.touching === 'merge' ? a.start <= b.end && b.start <= a.end : a.start < b.end && b.start < a.end;
  let open: Held[] = [];
  for (const event of events) {
    const own = { start: event.t, end: event.t + gapOf(window, event), events: [event] };
    const met = open.filter((other) => meet(own, other));
    open = open.filter((other) => !met.includes(other));
    const all = [...met, own];
    const joined = {
      start: Math.min(...all.map(({ start }) => start)),
      end: Math.max(...all.map(({ end }) => end)),
      events: events.filter((one) => all.some((part) => part.events.includes(one))),
    };
    if (joined.events.length < window.maxRows) open.push(joined);
  }
  return open.find(({ start, end }) => start <= t && t < end) ?? NOTHING;
}

function cappedAt(window: Session, events: OracleEvent[], t: number): Held {
  let session: (Held & { reach: number }) | undefined;
  for (const event of events.toSorted((a, b) => a.t - b.t)) {
    const reaches = session && (event.t < session.reach || (window.touching === 'merge' && event.t === session.reach));
    if (!session || !reaches || event.t >= session.start + window.max) {
      session = { start: event.t, end: event.t, reach: -Infinity, events: [] };
    }
    session.events.push(event);
    session.reach = Math.max(session.reach, event.t + gapOf(window, event));
    session.end = Math.min(session.reach, session.start + window.max);
  }
  if (!session || session.end <= t) return NOTHING;
  return { ...session, events: events.filter((one) => session.events.includes(one)) };
}

/** The events that one window took of each key, as an oracle with this window alone says. */
class Ledger {
  readonly #oracle: Oracle;
  readonly #taken = new Map<string, OracleEvent[]>();

  constructor(
    readonly scenario: Scenario,
    readonly window: OracleWindow,
  ) {
    this.#oracle = new Oracle({ ...scenario, where: scenario.where?.holds, windows: { w: window } });
  }

  get watermark(): number {
    return this.#oracle.watermark;
  }

  get newest(): number {
    return this.#oracle.newest;
  }

  push(event: OracleEvent): void {
    const missed = () => this.#oracle.lateEvents.length + this.#oracle.future + this.#oracle.filtered;
    const before = missed();
    const arrived = this.#oracle.push(event);
    if (!arrived || missed() > before) return;
    this.#taken.set(event.key, [...(this.#taken.get(event.key) ?? []), arrived]);
  }

  advance(watermark: number): void {
    this.#oracle.advance(watermark);
  }

  answer(key: string, t: number): Row {
    const { allowedLateness } = this.scenario;
    const inOrder = (event: OracleEvent) => event.t + allowedLateness < this.watermark;
    const { start, end, events } = heldAt(this.window, this.#taken.get(key) ?? [], t, inOrder);
    return { start, end, ...outputsOf(events) };
  }
}

const keyOf = (s: Scenario, key: string) => {
  const values = Object.values((KEYS[s.keys] as (typeof KEYS)[string]).of(key));
  return values.length < 2 ? values[0] : values;
};

function streamOf(s: Scenario) {
  return windowed({
    time: 't',
    ...(KEYS[s.keys]?.spec ? { key: KEYS[s.keys]?.spec } : {}),
    window: isBare(s) ? made(s.windows[0] as OracleWindow) : named(s.windows.map(made)),
    aggregates,
    outOfOrder: s.outOfOrder,
    allowedLateness: s.allowedLateness,
    ...(s.maxFutureSkew < Infinity ? { maxFutureSkew: s.maxFutureSkew } : {}),
    ...(s.where ? { where: s.where.expression } : {}),
    emit: s.emit,
  });
}

/** Asks between batches, at the newest time or later. Returns all rows, and each question with both answers. */
function run(s: Scenario, asks: (Ask | undefined)[]) {
  using stream = streamOf(s);
  const ledgers = s.windows.map((window) => new Ledger(s, window));
  const events = eventsOf(s);
  const asked: { question: unknown; answer: Row; wanted: Row }[] = [];
  const rows: Row[] = [];
  let batch: OracleEvent[] = [];
  const flush = () => {
    const { of } = KEYS[s.keys] as (typeof KEYS)[string];
    const list = batch.map(({ t, v, w, gap, key }) => ({ t, v, w, gap, ...of(key) }));
    if (list.length) put(stream, list, 'columns');
    batch = [];
  };
  events.forEach(({ advance, ...event }, i) => {
    if (advance !== null) {
      flush();
      stream.advance(advance);
      for (const ledger of ledgers) ledger.advance(advance);
    }
    batch.push(event);
    for (const ledger of ledgers) ledger.push(event);
    const ask = asks[i % asks.length];
    if (!ask) return;
    flush();
    const [first] = ledgers as [Ledger];
    // A question about a time before a watermark moved by hand would be about that watermark.
    const now = Math.max(first.newest, first.watermark);
    const key = ask.key ?? event.key;
    const at = ask.later === 0 && first.watermark <= first.newest ? undefined : now + ask.later;
    const answer = stream.query(keyOf(s, key), at);
    const answers = ledgers.map((ledger) => ledger.answer(key, at ?? now));
    asked.push({ question: { i, key, at }, answer, wanted: isBare(s) ? (answers[0] as Row) : named(answers) });
    if (ask.takes) rows.push(...stream.take());
  });
  flush();
  rows.push(...stream.close());
  return { rows, asked };
}

interface Ask {
  /** The key that is asked about; null stands for the key of the newest event. */
  key: string | null;
  later: number;
  takes: boolean;
}

const asks = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        key: fc.oneof(fc.constant(null), fc.constantFrom('0', '1', '5', '999')),
        later: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 })),
        takes: fc.boolean(),
      }),
    },
  ),
  { minLength: 1, maxLength: 12 },
);

const numRuns = runs(200);
const accumulating = (window: fc.Arbitrary<OracleWindow>) =>
  scenarioOf(window).map((s) =>
    s.keys === 'none' ? { ...s, steps: s.steps.map((one) => ({ ...one, key: '0' })) } : s,
  );

describe.each(Object.entries(FAMILIES))('windows: %s', (_, window) => {
  test('an answer is what the events taken so far give by definition', () => {
    let answered = 0;
    fc.assert(
      fc.property(accumulating(window), asks, (s, asks) => {
        const { asked } = run(s, s.keys === 'none' ? asks.map((ask) => ask && { ...ask, key: null }) : asks);
        answered += asked.length;
        for (const { question, answer, wanted } of asked) {
          expect({ question, answer }).toEqual({ question, answer: settled(wanted, answer) });
        }
      }),
      { numRuns },
    );
    expect(answered).toBeGreaterThan(0);
  });

  test('questions change no result', () => {
    let compared = 0;
    fc.assert(
      fc.property(accumulating(window), asks, (s, asks) => {
        const { rows } = run(s, s.keys === 'none' ? asks.map((ask) => ask && { ...ask, key: null }) : asks);
        const wanted = run(s, [undefined]).rows;
        compared += wanted.length;
        expect(rows).toEqual(settled(wanted, rows));
      }),
      { numRuns },
    );
    expect(compared).toBeGreaterThan(0);
  });
});

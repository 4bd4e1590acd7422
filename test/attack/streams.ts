/**
 * Random streams under attack: the random scenarios of the suites, with calls between their batches that are refused or
 * only ask, in small memories, with functions of the spec that call the stream, and with a clock that moves time. The
 * results, late events and counters have to be the oracle's all the same.
 */

import fc from 'fast-check';
import { expect } from 'vitest';
import { increase, OrielError } from '../../bindings';
import { Oracle, type OracleEvent, type OracleWindow } from '../oracle';
import { DOORS, type Door, put } from '../support/doors';
import { fits } from '../support/helpers';
import {
  batchesOf,
  calendars,
  eventsOf,
  FAMILIES,
  KEYS,
  type Row,
  rulesOf,
  type Scenario,
  type Stream,
  scenarioOf,
  settled,
  specOf,
  wantedOf,
  windowed,
} from '../support/scenarios';
import { HOUR } from '../support/times';
import type { Tally } from './campaign';

/** A batch that has to be refused because of its last event. */
const badBatch = fc.record({
  flaw: fc.constantFrom('time', 'kind', 'key', 'gap', 'getter', 'length', 'memory'),
  door: fc.constantFrom(...DOORS),
  length: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }) }, fc.constantFrom(1500, 5001)),
  value: fc.constantFrom<unknown>(Number.NaN, Infinity, -Infinity, 2 ** 60, 'soon', undefined, null, {}),
});

type BadBatch = typeof badBatch extends fc.Arbitrary<infer B> ? B : never;

/** What is done between two batches: a batch that is refused, a question, or a claim that is given up. */
const between = fc.oneof(
  { weight: 3, arbitrary: badBatch },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.constantFrom('query' as const, 'stats' as const, 'flush' as const, 'claim' as const) },
);

/** What is special about a stream, beside the calls between its batches. */
const special = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ maximum: fc.constantFrom(250_000, 500_000, 2_000_000) }) },
  { weight: 2, arbitrary: fc.record({ idle: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ asks: fc.constant(true) }) },
);

const attacks = fc.record({
  between: fc.array(between, { minLength: 1, maxLength: 8 }),
  special: special as fc.Arbitrary<{ maximum?: number; idle?: number; asks?: boolean }>,
  skew: fc.constantFrom(undefined, undefined, Infinity, 60, 20, 5),
  /** Events before which the watermark is moved, and how far from the clock of the events. */
  jumps: fc.array(fc.tuple(fc.nat(149), fc.integer({ min: -10, max: 60 })), { maxLength: 4 }),
  /** How long no event comes before each batch, by the wall clock. */
  silences: fc.array(fc.constantFrom(0, 0, 1, 20, 45), { minLength: 1, maxLength: 7 }),
});
type Attacks = typeof attacks extends fc.Arbitrary<infer A> ? A : never;

const scenario = fc.oneof(
  { weight: 5, arbitrary: scenarioOf(FAMILIES.all, 150) },
  { weight: 1, arbitrary: scenarioOf(FAMILIES.rollings, 150).map((s) => ({ ...s, keys: 'none' })) },
  { weight: 1, arbitrary: scenarioOf(calendars, 150) },
);

/**
 * The scenario with quarters of a day as its units of time, so that days and months go by. None of its values is
 * infinite: the weight of such a value in `ewma` would be 0 after a few days.
 */
function inQuarterDays(s: Scenario): Scenario {
  const unit = 6 * HOUR;
  const { emit } = s;
  const scaled = {
    ...s,
    from: Math.abs(s.from) > 1e9 ? s.from : s.from * unit,
    outOfOrder: s.outOfOrder * unit,
    allowedLateness: s.allowedLateness * unit,
    maxFutureSkew: s.maxFutureSkew * unit,
    emit: typeof emit === 'object' && 'every' in emit ? { ...emit, every: emit.every * unit } : emit,
    steps: s.steps.map((step) => ({
      ...step,
      v: Math.abs(step.v) === Infinity ? 1.5 : step.v,
      tick: step.tick * unit,
      lag: step.lag * unit,
      advance: step.advance === null ? null : step.advance * unit,
    })),
  };
  return scaled as Scenario;
}

/** The scenario with the guard against future events and the moves of time of the attacks. */
function hastened(s: Scenario, { skew, jumps }: Attacks): Scenario {
  const steps = [...s.steps];
  for (const [at, by] of jumps) {
    const step = steps[at];
    if (step) steps[at] = { ...step, advance: by };
  }
  const faster = { ...s, steps, maxFutureSkew: skew ?? s.maxFutureSkew };
  return s.windows.every(({ kind }) => kind === 'calendar') ? inQuarterDays(faster) : faster;
}

/** Runs the stream of a seed. @throws with the smallest stream that fails in its way */
export function streams(seed: number, tally: Tally): void {
  const property = fc.property(scenario, attacks, (s, given) => {
    const attacked: Attacked[] = [];
    // A stream of many windows may be too large by itself.
    if (fits(() => attacked.push(new Attacked(hastened(s, given), given, tally)))) attacked[0]?.run();
  });
  fc.assert(property, { seed, numRuns: 1, unbiased: seed % 2 === 0, interruptAfterTimeLimit: 30_000 });
}

/** A getter's own error. */
class Unreadable extends Error {}

function unreadable(): never {
  throw new Unreadable();
}

/** A stream under attack, beside the oracle, which is given only what the stream takes. */
class Attacked {
  readonly #oracle: Oracle;
  readonly #stream: Stream;
  readonly #late: Row[] = [];
  readonly #rows: Row[] = [];
  /** Events that the stream has taken, in calls that have returned. */
  #taken = 0;
  /** What the clock of the stream shows, and what it showed when an event came. */
  #now = 0;
  #cameAt = Number.NaN;
  /** Keys that only refused batches had. */
  #strangers = 1000;

  constructor(
    readonly s: Scenario,
    readonly given: Attacks,
    readonly tally: Tally,
  ) {
    this.#oracle = new Oracle(rulesOf(s));
    const { maximum, idle, asks } = given.special;
    const asking = <E>(predicate: (event: E) => boolean) => {
      if (!asks) return predicate;
      return (event: E) => {
        this.#askFromInside();
        return predicate(event);
      };
    };
    const { emit, windows } = s;
    const inside = {
      ...s,
      windows: windows.map(
        (one): OracleWindow => (one.kind === 'punctuated' ? { ...one, predicate: asking(one.predicate) } : one),
      ),
      emit: typeof emit === 'object' && 'when' in emit ? { ...emit, when: asking(emit.when) } : emit,
    };
    const spec = specOf(inside, (batch) => this.#late.push(...batch));
    this.#stream = windowed({
      ...spec,
      // Samples an hour apart are of one counter, as the oracle has it.
      aggregates: { ...spec.aggregates, increase: increase('v', { within: '9999w' }) },
      ...(maximum ? { memory: { maximum } } : {}),
      ...(idle ? { idle, clock: () => this.#now } : {}),
    });
  }

  run(): void {
    using stream = this.#stream;
    const { s, tally } = this;
    const originals = eventsOf(s);
    let place = 0;
    for (const { advance, events, door, key, cut } of batchesOf(s, s.cuts)) {
      this.#now += this.given.silences[cut % this.given.silences.length] as number;
      const now = this.given.between[cut % this.given.between.length];
      if (now === 'query' || now === 'stats') this.#ask(now, key);
      else if (now === 'flush') fits(() => stream.flush());
      else if (now === 'claim') codeOf(() => stream.claim(1 + (cut % 5)));
      else if (now && !this.#isRefused(now, events[0] as Row)) return;
      if (advance !== null && fits(() => stream.advance(advance))) this.#oracle.advance(advance);
      this.#give(events, originals.slice(place, place + events.length), door);
      place += events.length;
      if (cut % 3 === 0) this.#take();
    }
    this.#close();
    tally.add('streams');
    tally.add('events', place);
    tally.add('rows', this.#rows.length);
  }

  /** Gives a batch to the stream, and what it takes of it to the oracle. */
  #give(events: Row[], originals: OracleEvent[], door: Door): void {
    const given = this.given.special.asks && (door === 'push' || door === 'rows') ? events.map(this.#asking) : events;
    const calls = door === 'push' ? given.map((event) => [event]) : [given];
    let at = 0;
    for (const call of calls) {
      const isTaken = fits(() => put(this.#stream, call, door));
      for (const { advance: _, ...event } of isTaken ? (originals.slice(at, at + call.length) as Late[]) : []) {
        this.#oracle.push(event);
      }
      at += call.length;
      if (isTaken) this.#taken += call.length;
      else this.tally.add('refusals');
      if (isTaken) this.#cameAt = this.#now;
    }
  }

  /** The event with a getter that asks the stream. */
  readonly #asking = (event: Row): Row => {
    const get = () => {
      this.#askFromInside();
      return event.v;
    };
    return Object.defineProperty({ ...event }, 'v', { get, enumerable: true });
  };

  /** Calls the stream while it calls a function of the spec. */
  #askFromInside(): void {
    const stream = this.#stream;
    expect(stream.stats().events).toBe(this.#taken);
    const changes = [
      () => stream.push({}),
      () => stream.pushRows([]),
      () => stream.take(),
      () => stream.flush(),
      () => stream.advance(2 ** 40),
      () => stream.close(),
      () => stream[Symbol.dispose](),
    ];
    for (const change of changes) expect(codeOf(change)).toBe('ERR_ORIEL_BUSY');
    this.tally.add('calls from inside', 1 + changes.length);
  }

  /**
   * Makes a call that has to be refused.
   * @returns false if there was memory enough for a batch that is only large: then the oracle lacks its events
   */
  #isRefused({ flaw, door, length, value }: BadBatch, model: Row): boolean {
    const { keys } = this.s;
    const { maximum } = this.given.special;
    const isLarge = flaw === 'memory' && maximum !== undefined && keys !== 'none';
    const events = Array.from({ length: isLarge ? 5001 : length }, (): Row => {
      return { ...model, ...KEYS[keys]?.of(String(this.#strangers++)) };
    });
    const bad = events.at(-1) as Row;
    let by = door;
    if (isLarge) by = 'columns';
    else if (flaw === 'kind') bad.v = 'text';
    else if (flaw === 'gap' && 'gap' in bad) bad.gap = value === 2 ** 60 ? 0 : value;
    else if (flaw === 'getter') Object.defineProperty(bad, 'v', { get: unreadable, enumerable: true });
    else if (flaw === 'key' && keys !== 'none') {
      bad.k = value === undefined ? Symbol('key') : {};
      if (door === 'claim') by = 'rows';
    } else bad.t = value;
    const code = codeOf(() => (flaw === 'length' ? this.#pushUneven(events) : this.#pushBad(events, by)));
    if (!isLarge) expect(code).toBeDefined();
    this.tally.add('refusals');
    return code !== undefined;
  }

  /** Of single events only the bad one is refused. A claim has room for 4,096. */
  #pushBad(events: Row[], door: Door): void {
    if (door === 'push') this.#stream.push(events.at(-1) as Row);
    else put(this.#stream, events, door === 'claim' && events.length > 4096 ? 'rows' : door);
  }

  #pushUneven(events: Row[]): void {
    const names = Object.keys(events[0] as Row);
    const columns = names.map((name, i) => [name, [...events, ...(i ? [] : events)].map((event) => event[name])]);
    this.#stream.pushColumns(Object.fromEntries(columns));
  }

  /** A question that changes nothing, but lets the clock move time. */
  #ask(call: 'query' | 'stats', key: string): void {
    if (call === 'stats') this.#stream.stats();
    else {
      const parts = Object.values(KEYS[this.s.keys]?.of(key) ?? {});
      if (!fits(() => this.#stream.query(parts.length > 1 ? parts : parts[0]))) return;
    }
    this.#tick();
  }

  #take(): void {
    this.#rows.push(...this.#stream.take());
    this.#tick();
  }

  /** Moves the oracle's time as a stream does that no event has reached for a while. */
  #tick(): void {
    const { idle = Infinity } = this.given.special;
    const silence = this.#now - this.#cameAt;
    if (!(silence >= idle)) return;
    const watermark = this.#oracle.newest + silence - this.s.outOfOrder;
    if (watermark > this.#oracle.watermark) this.#oracle.advance(watermark);
  }

  #close(): void {
    const { s } = this;
    const stream = this.#stream;
    // The first take makes room, if gathered events have none.
    const isClosed = fits(() => this.#rows.push(...stream.close()));
    if (!isClosed) {
      this.#take();
      this.#rows.push(...stream.close());
    }
    this.#oracle.close();
    const wanted = wantedOf(this.#oracle, s);
    expect(this.#rows).toEqual(settled(wanted.rows, this.#rows));
    expect(this.#late.map(({ gap, ...event }) => event)).toEqual(wanted.late);
    const { skipped, future, filtered } = this.#oracle;
    const late = wanted.late.length;
    const counters = { events: this.#taken, late, skipped, future, filtered, liveKeys: 0, liveSlices: 0 };
    expect(stream.stats()).toMatchObject(counters);
  }
}

type Late = OracleEvent & { advance?: number | null };

/** The code of the error by which a call is refused, `'own'` for the error of a getter; undefined if it is not. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof OrielError) return error.code;
    if (error instanceof Unreadable) return 'own';
    throw error;
  }
}

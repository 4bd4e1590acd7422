/**
 * Random streams under attack: the random scenarios of the suites, with calls between their batches that are refused or
 * only ask, in small memories, with functions of the spec that call the stream, with batches that come through a ring
 * or a pipe, and with a clock that moves time. The results, late events and counters have to be the oracle's all the
 * same.
 */

import fc from 'fast-check';
import { expect } from 'vitest';
import { increase, OrielError } from '../../bindings';
import { Oracle, type OracleEvent, type OracleWindow } from '../oracle';
import { columnsOf, DOORS, type Door, put } from '../support/doors';
import { fits } from '../support/helpers';
import {
  batchesOf,
  calendars,
  eventsOf,
  FAMILIES,
  KEYS,
  type Row,
  rowOf,
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
import { throughPipe, throughRing } from './detours';

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

/** What `onLate` does: it may ask the stream, change it, and take its results. */
const lateCall = fc.record({
  call: fc.constantFrom(
    'take' as const,
    'flush' as const,
    'query' as const,
    'claim' as const,
    'advance' as const,
    'push' as const,
    'push' as const,
  ),
  /** The event that is pushed, and to whose time the watermark is moved. */
  at: fc.nat(149),
  door: fc.constantFrom(...DOORS),
});
type LateCall = typeof lateCall extends fc.Arbitrary<infer C> ? C : never;

const attacks = fc.record({
  between: fc.array(between, { minLength: 1, maxLength: 8 }),
  special: special as fc.Arbitrary<{ maximum?: number; idle?: number; asks?: boolean }>,
  skew: fc.constantFrom(undefined, undefined, Infinity, 60, 20, 5),
  /** Events before which the watermark is moved, and how far from the clock of the events. */
  jumps: fc.array(fc.tuple(fc.nat(149), fc.integer({ min: -10, max: 60 })), { maxLength: 4 }),
  /** How long no event comes before each batch, by the wall clock. */
  silences: fc.array(fc.constantFrom(0, 0, 1, 20, 45), { minLength: 1, maxLength: 7 }),
  /** What batches come through on their way to a door, in turn. */
  detours: fc.array(fc.constantFrom(undefined, undefined, undefined, 'ring' as const, 'pipe' as const), {
    minLength: 1,
    maxLength: 7,
  }),
  endsInPipe: fc.boolean(),
  /** The calls of `onLate`, two each time. Only a stream with nothing else that is special makes them. */
  late: fc.array(lateCall, { maxLength: 12 }),
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
export async function streams(seed: number, tally: Tally): Promise<void> {
  const property = fc.asyncProperty(scenario, attacks, async (s, given) => {
    const attacked: Attacked[] = [];
    // A stream of many windows may be too large by itself.
    if (fits(() => attacked.push(new Attacked(hastened(s, given), given, tally)))) await attacked[0]?.run();
  });
  await fc.assert(property, { seed, numRuns: 1, unbiased: seed % 2 === 0, interruptAfterTimeLimit: 30_000 });
}

const canShare = typeof SharedArrayBuffer !== 'undefined';

/** A getter's own error. */
class Unreadable extends Error {}

function unreadable(): never {
  throw new Unreadable();
}

/** A stream under attack, beside the oracle, which is given only what the stream takes. */
class Attacked {
  readonly #oracle: Oracle;
  readonly #stream: Stream;
  readonly #originals: readonly OracleEvent[];
  readonly #late: Row[] = [];
  readonly #rows: Row[] = [];
  /** Events that the stream has taken, in calls that have returned. */
  #taken = 0;
  /** What the clock of the stream shows, and what it showed when an event came. */
  #now = 0;
  #cameAt = Number.NaN;
  /** Keys that only refused batches had. */
  #strangers = 1000;
  /** The calls that `onLate` will make, and those that changed the stream but that the oracle has not got yet. */
  readonly #lateCalls: LateCall[];
  readonly #changes: Change[] = [];
  #isClosing = false;

  constructor(
    readonly s: Scenario,
    readonly given: Attacks,
    readonly tally: Tally,
  ) {
    this.#oracle = new Oracle(rulesOf(s));
    this.#originals = eventsOf(s).map(({ advance: _, ...event }) => event);
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
    this.#lateCalls = Object.keys(given.special).length ? [] : [...given.late];
    const spec = specOf(inside, (batch) => {
      this.#late.push(...batch);
      for (const one of this.#lateCalls.splice(0, 2)) this.#callFromLate(one);
    });
    this.#stream = windowed({
      ...spec,
      // Samples an hour apart are of one counter, as the oracle has it.
      aggregates: { ...spec.aggregates, increase: increase('v', { within: '9999w' }) },
      ...(maximum ? { memory: { maximum } } : {}),
      ...(idle ? { idle, clock: () => this.#now } : {}),
    });
  }

  async run(): Promise<void> {
    using stream = this.#stream;
    const { s, tally } = this;
    const { silences, between, detours } = this.given;
    let place = 0;
    for (const { advance, events, door, key, cut } of batchesOf(s, s.cuts)) {
      this.#now += silences[cut % silences.length] as number;
      const now = between[cut % between.length];
      if (now === 'query' || now === 'stats') this.#ask(now, key);
      else if (now === 'flush') fits(() => stream.flush());
      else if (now === 'claim') codeOf(() => stream.claim(1 + (cut % 5)));
      else if (now && !this.#isRefused(now, events[0] as Row)) return;
      this.#tellChanges();
      if (advance !== null && fits(() => stream.advance(advance))) this.#oracle.advance(advance);
      this.#tellChanges();
      const detour = detours[cut % detours.length];
      const batch = this.#originals.slice(place, place + events.length);
      if (detour === 'pipe') await this.#pipe(events, batch, cut);
      else this.#give(events, batch, detour ?? door);
      place += events.length;
      if (cut % 3 === 0) this.#take();
    }
    await this.#close();
    tally.add('streams');
    tally.add('events', place);
    tally.add('rows', this.#rows.length);
  }

  /** Gives a batch to the stream, and what it takes of it to the oracle. */
  #give(events: Row[], originals: readonly OracleEvent[], door: Door | 'ring'): void {
    let at = 0;
    for (const { n, call } of this.#callsOf(events, door)) {
      const isTaken = fits(call);
      if (isTaken) this.#tell(originals.slice(at, at + n));
      else this.tally.add('refusals');
      at += n;
    }
  }

  /** The calls that give a batch to the stream, each of which is taken or refused, with their numbers of events. */
  *#callsOf(events: Row[], door: Door | 'ring'): Generator<{ n: number; call: () => void }> {
    const stream = this.#stream;
    if (door === 'ring' && canShare) {
      for (const columns of throughRing(events, 1 + (events.length % 13))) {
        yield { n: columns.t?.length as number, call: () => stream.pushColumns(columns) };
      }
      return;
    }
    const by = door === 'ring' ? 'columns' : door;
    const given = this.given.special.asks && (by === 'push' || by === 'rows') ? events.map(this.#asking) : events;
    const calls = by === 'push' ? given.map((event) => [event]) : [given];
    for (const call of calls) yield { n: call.length, call: () => put(stream, call, by) };
  }

  /** Gives a batch to the stream through a pipe that is then given up. */
  async #pipe(events: Row[], originals: readonly OracleEvent[], cut: number): Promise<void> {
    const { asks, maximum } = this.given.special;
    // A pipe that waits takes results, which lets the clock move time.
    this.#ask('stats', '');
    this.#tellChanges();
    // How single events are pushed together depends on time, and so what there is for a function to ask, or to refuse.
    const half = asks || maximum ? 0 : cut % events.length;
    const rest = events.slice(half);
    const items = [
      ...events.slice(0, half),
      maximum || cut % 4 < 2 ? columnsOf(rest) : asks ? rest.map(this.#asking) : rest,
    ];
    await throughPipe(this.#stream, items, cut % 2 ? 'cancel' : 'abort', (batch) => this.#rows.push(...batch));
    const isTaken = !maximum || this.#stream.stats().events > this.#taken;
    if (isTaken) this.#tell(originals);
    this.tally.add(isTaken ? 'pipes' : 'refusals');
  }

  /** Gives the oracle events that the stream has taken, and what `onLate` did in the midst of them. */
  #tell(originals: readonly OracleEvent[]): void {
    for (const event of originals) {
      this.#tellChanges();
      this.#oracle.push(event);
      this.#taken++;
    }
    this.#cameAt = this.#now;
    this.#tellChanges();
  }

  /** Gives the oracle what `onLate` did to the stream when that had taken no more events than the oracle has now. */
  #tellChanges(): void {
    for (let next = this.#changes[0]; next && next.after <= this.#taken; next = this.#changes[0]) {
      this.#changes.shift();
      if ('event' in next) {
        this.#oracle.push(next.event);
        this.#taken++;
      } else this.#oracle.advance(next.time);
    }
  }

  /** Makes a call of `onLate`, which may do what it likes. What would change a closed stream is refused. */
  #callFromLate({ call, at, door }: LateCall): void {
    const stream = this.#stream;
    const event = this.#originals[at % this.#originals.length] as OracleEvent;
    const calls = {
      take: () => void this.#rows.push(...stream.take()),
      flush: () => stream.flush(),
      query: () => stream.query(this.#keyOf(event.key)),
      // Keys that are bigints cannot be claimed.
      claim: () => codeOf(() => stream.claim(3)),
      advance: () => this.#change({ after: this.#count(), time: event.t }, () => stream.advance(event.t)),
      push: () => this.#change({ after: this.#count(), event }, () => put(stream, [rowOf(event, this.s)], door)),
    };
    const code = codeOf(calls[call]);
    if (!this.#isClosing) expect(code).toBe(undefined);
    else expect([undefined, 'ERR_ORIEL_CLOSED']).toContain(code);
    this.tally.add('calls of onLate');
  }

  /** Makes a call of `onLate` that changes the stream, in the course of which `onLate` may be called again. */
  #change(change: Change, call: () => void): void {
    this.#changes.push(change);
    try {
      call();
    } catch (error) {
      this.#changes.pop();
      throw error;
    }
  }

  /** How many events the stream has taken. To say so it takes those that wait, and may call `onLate`. */
  #count(): number {
    for (;;) {
      const changes = this.#changes.length;
      const { events } = this.#stream.stats();
      if (this.#changes.length === changes) return events;
    }
  }

  #keyOf(key: string): unknown {
    const parts = Object.values(KEYS[this.s.keys]?.of(key) ?? {});
    return parts.length > 1 ? parts : parts[0];
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
    else if (!fits(() => this.#stream.query(this.#keyOf(key)))) return;
    this.#tick();
  }

  #take(): void {
    this.#rows.push(...this.#stream.take());
    this.#tellChanges();
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

  /** Closes the stream, and compares all that it has given. */
  async #close(): Promise<void> {
    const { s } = this;
    const stream = this.#stream;
    if (this.given.endsInPipe) {
      this.#ask('stats', '');
      this.#tellChanges();
    }
    this.#isClosing = true;
    if (this.given.endsInPipe) await throughPipe(stream, [], 'close', (batch) => this.#rows.push(...batch));
    // The first take makes room, if gathered events have none.
    else if (!fits(() => this.#rows.push(...stream.close()))) {
      this.#take();
      this.#rows.push(...stream.close());
    }
    this.#tellChanges();
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

/** What `onLate` did once the stream had taken `after` events: it pushed one, or moved the watermark to a time. */
type Change = { readonly after: number } & ({ readonly event: OracleEvent } | { readonly time: number });

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

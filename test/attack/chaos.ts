/**
 * Many streams in small memories, made, fed, asked and disposed of at random beside each other. Each has to give what a
 * stream gives that is alone, has all the memory it wants, and gets only the calls that the first one took. A bystander
 * among them has to count as a loop does.
 */

import { expect } from 'vitest';
import * as oriel from '../../bindings';
import { DOORS, type Door, put } from '../support/doors';
import { fits, random } from '../support/helpers';
import { type Row, type Stream, windowed } from '../support/scenarios';
import type { Tally } from './campaign';
import { type Chance, chanceOf } from './hostile-values';

const WINDOWS: readonly ((n: number) => oriel.Window)[] = [
  (n) => oriel.tumbling(n),
  (n) => oriel.hopping(2 * n, n),
  (n) => oriel.cumulative(3 * n, n),
  (n) => oriel.session(n),
  (n) => oriel.session(n, { max: 4 * n }),
  (n) => oriel.rolling(n),
  (n) => oriel.rolling(oriel.rows(n)),
  (n) => oriel.tumbling(oriel.rows(n)),
  (n) => oriel.hopping(oriel.rows(2 * n), oriel.rows(n)),
  (n) => oriel.punctuated(({ v }: { v: number }) => v % n === 0),
  () => oriel.tumbling(oriel.calendar(1, 'day', 'UTC')),
  () => oriel.everything(),
];

const AGGREGATES: readonly (() => oriel.Spec['aggregates'])[] = [
  () => ({ n: oriel.count(), s: oriel.sum('v') }),
  () => ({ n: oriel.count(), p: oriel.median('v'), d: oriel.distinct('v') }),
  () => ({ l: oriel.last('v'), top: oriel.topK('v', 3), c: oriel.collect('v', { limit: 9 }) }),
];

const EMITS: readonly (oriel.Spec['emit'] & {})[] = ['final', 'final', 'updates', { every: 7 }];

function specOf(chance: Chance): object {
  const one = () => chance.pick(WINDOWS)(2 + chance.below(30));
  return {
    time: 't',
    ...(chance.below(4) ? { key: 'k' } : {}),
    window: chance.below(3) ? one() : { a: one(), b: one() },
    aggregates: chance.pick(AGGREGATES)(),
    outOfOrder: chance.below(20),
    allowedLateness: chance.pick([0, 0, 15]),
    emit: chance.pick(EMITS),
  };
}

/** A stream, and what it was told that it took. */
class Bounded {
  readonly #spec: object;
  readonly #stream: Stream;
  readonly #taken: ((stream: Stream) => void)[] = [];
  readonly #rows: Row[] = [];
  readonly #hasStrings: boolean;
  #clock = 0;

  constructor(
    readonly chance: Chance,
    readonly tally: Tally,
  ) {
    this.#spec = specOf(chance);
    this.#hasStrings = chance.below(2) > 0;
    this.#stream = windowed({ ...this.#spec, memory: { maximum: 300_000 + chance.below(900_000) } });
  }

  /** Makes one call at random. */
  act(): void {
    const { chance } = this;
    const stream = this.#stream;
    const action = chance.below(12);
    if (action < 7) this.#push();
    else if (action === 7) this.#rows.push(...stream.take());
    else if (action === 8) this.#advance(this.#clock);
    else if (action === 9) stream.stats();
    else if (action === 10) fits(() => stream.query('key' in this.#spec ? this.#key(0) : undefined));
    else fits(() => stream.claim(10));
  }

  #advance(to: number): void {
    this.#do((stream) => stream.advance(to));
  }

  #key(k: number): unknown {
    return this.#hasStrings ? `key ${k}` : k;
  }

  #push(): void {
    const { chance } = this;
    const keys = chance.pick([3, 50, 5000]);
    const n = 1 + chance.below(chance.pick([10, 300, 6000]));
    const events = Array.from({ length: n }, () => {
      this.#clock += chance.below(chance.pick([2, 20]));
      return { t: this.#clock - chance.below(25), k: this.#key(chance.below(keys)), v: chance.below(40) };
    });
    const door: Door = chance.pick(DOORS);
    // Single events are each taken or refused. A claim holds 4,096 events.
    if (door === 'push') for (const event of events.slice(0, 50)) this.#do((one) => put(one, [event], door), 1);
    else this.#do((one) => put(one, events, n > 4096 && door === 'claim' ? 'typed' : door), n);
  }

  /** Makes a call, and notes it if it was not refused for want of memory. */
  #do(call: (stream: Stream) => void, events = 0): void {
    const isTaken = fits(() => call(this.#stream));
    if (isTaken) this.#taken.push(call);
    this.tally.add(isTaken ? 'events' : 'refusals', isTaken ? events : 1);
  }

  /** Ends the stream: half are just disposed of, the others have to give what a stream gives that is alone. */
  end(): void {
    using stream = this.#stream;
    this.tally.add('streams');
    if (this.chance.below(2)) return;
    this.#rows.push(...stream.take());
    this.#rows.push(...stream.close());
    using alone = windowed(this.#spec);
    for (const call of this.#taken) call(alone);
    expect(this.#rows).toEqual([...alone.close()]);
    this.tally.add('rows', this.#rows.length);
  }
}

/** A stream in the midst of the others whose sums a loop computes as well. */
class Bystander {
  readonly #stream = windowed({
    time: 't',
    key: 'k',
    window: oriel.tumbling(10),
    aggregates: { n: oriel.count(), s: oriel.sum('v') },
  });
  readonly #sums = new Map<string, { n: number; s: number }>();
  #clock = 0;

  constructor(readonly chance: Chance) {}

  act(): void {
    this.#clock += this.chance.below(5);
    const event = { t: this.#clock, k: this.chance.below(5), v: this.chance.below(100) };
    this.#stream.push(event);
    const name = `${10 * Math.floor(event.t / 10)} ${event.k}`;
    const { n, s } = this.#sums.get(name) ?? { n: 0, s: 0 };
    this.#sums.set(name, { n: n + 1, s: s + event.v });
  }

  end(): void {
    using stream = this.#stream;
    const rows = [...stream.close()].map(({ start, k, n, s }) => [`${start} ${k}`, { n, s }]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(this.#sums));
  }
}

/** Runs the crowd of a seed. */
export function chaos(seed: number, tally: Tally): void {
  const chance = chanceOf(random(seed));
  const crowd: Bounded[] = [];
  const bystander = new Bystander(chance);
  for (let step = 0; step < 150; step++) {
    bystander.act();
    // Some specs are too large for their memory.
    if (crowd.length < 12 && chance.below(3) === 0) fits(() => crowd.push(new Bounded(chance, tally)));
    if (crowd.length) chance.pick(crowd).act();
    if (crowd.length && chance.below(15) === 0) crowd.splice(chance.below(crowd.length), 1)[0]?.end();
  }
  for (const one of crowd) one.end();
  bystander.end();
}

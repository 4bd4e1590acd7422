/**
 * assembly/ingest/dictionary.ts against a map: this suite catches keys that share an id or lose it, ids that are swept
 * though something holds them or kept though nothing does, and a wrong order of ids.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

const NONE = 0xffffffff;
/** As in enum Keys of assembly/plan.ts. */
const WORDS = 2;
const NUMBERS = 3;

interface Kind {
  keys: number;
  width: number;
  /** Whether ids may be pinned. */
  pins: boolean;
}

const kind = fc
  .tuple(
    fc.constantFrom(
      { keys: NUMBERS, width: 1 },
      { keys: WORDS, width: 1 },
      { keys: WORDS, width: 2 },
      { keys: WORDS, width: 3 },
    ),
    fc.boolean(),
  )
  .map(([of, pins]): Kind => ({ ...of, pins }));

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat(150) },
  { weight: 2, arbitrary: fc.integer({ min: -20, max: 20 }).map((i) => i / 4) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 32 + 1, 2 ** 52, -(2 ** 31)) },
  { weight: 1, arbitrary: fc.double() },
);

type Action = 'map' | 'add' | 'remove' | 'pin' | 'unpin' | 'sweep' | 'grow';

const step = fc.record({
  action: fc.constantFrom<Action>('map', 'map', 'add', 'add', 'remove', 'remove', 'pin', 'unpin', 'sweep', 'grow'),
  numbers: fc.array(number, { minLength: 1, maxLength: 40, size: 'max' }),
  at: fc.nat(),
});

/** What a dictionary is to do: keys by names, and what holds each id. */
class Model {
  readonly ids = new Map<string, number>();
  readonly live = new Map<number, number>();
  readonly pins = new Map<number, number>();
  /** Ids in the order in which they came alive. */
  order: number[] = [];

  isAlive(id: number): boolean {
    return (this.live.get(id) ?? 0) > 0 || (this.pins.get(id) ?? 0) > 0;
  }

  /** All ids that have a key. */
  get known(): number[] {
    return [...this.ids.values()];
  }

  sweep(pinned: readonly number[]): void {
    for (const [name, id] of this.ids) {
      if (!this.isAlive(id) && !pinned.includes(id)) this.ids.delete(name);
    }
  }
}

class Subject {
  readonly core = new Core();
  readonly model = new Model();
  readonly stream: number;
  readonly keys: number;
  /** Scratch of nobody: words of a batch, and ids. */
  readonly words: number;
  readonly out: number;
  readonly lanes = 8192;

  constructor(readonly kind: Kind) {
    const { call } = this.core;
    this.stream = call.createStream(Infinity, kind.keys);
    this.words = call.allocate(0, this.lanes * 3);
    this.out = call.allocate(0, 8192);
    this.keys = call.createDictionary(this.stream, kind.width);
    if (kind.pins) call.usePins(this.stream, this.keys);
  }

  /** The words of a key made of a number: the others follow from it, so that some are equal. */
  #wordsOf(value: number): number[] {
    return [value, Math.trunc(value) % 3, value < 7 ? 1 : 2].slice(0, this.kind.width);
  }

  /** Keys of one number are equal as numbers are; others as bits are. */
  #nameOf(value: number): string {
    const words = this.#wordsOf(value);
    if (this.kind.keys === NUMBERS) return Number.isNaN(value) ? 'NaN' : String(value + 0);
    return words.map((word) => `${Object.is(word, -0) ? '-0' : word}`).join('|');
  }

  #write(values: readonly number[]): void {
    values.forEach((value, i) => {
      this.#wordsOf(value).forEach((word, c) => {
        this.core.view.setFloat64(this.words + c * this.lanes + 8 * i, word, true);
      });
    });
  }

  map(values: readonly number[]): void {
    const { core, model, kind } = this;
    const isNumbers = kind.keys === NUMBERS;
    const before = new Set(model.known);
    const holes = core.call.freeIds(this.keys);
    const limit = core.call.dictionaryLimit(this.keys);
    let added = 0;
    this.#write(values);
    core.call.mapKeys(this.stream, this.keys, this.words, this.lanes, this.out, values.length, isNumbers ? 1 : 0);
    values.forEach((value, i) => {
      const id = core.u32(this.out + 4 * i);
      const name = this.#nameOf(value);
      const known = model.ids.get(name);
      if (known !== undefined) {
        expect(id).toBe(known);
        return;
      }
      expect(before.has(id)).toBe(false);
      before.add(id);
      // Ids that were swept are given again before others.
      if (added < holes) expect(id).toBeLessThan(limit);
      else expect(id).toBe(limit + added - holes);
      added++;
      model.ids.set(name, id);
      const isSame = this.#wordsOf(value).every((word, c) =>
        Object.is(core.view.getFloat64(core.call.wordOf(this.keys, id, c), true), isNumbers ? word + 0 : word),
      );
      expect(isSame).toBe(true);
    });
  }

  run(action: Action, numbers: readonly number[], at: number): void {
    const { core, model, stream, keys } = this;
    const { call } = core;
    const known = model.known;
    if (action === 'map') this.map(numbers);
    else if (action === 'grow') this.map(Array.from({ length: 300 }, (_, i) => 1000 + (at % 5) * 300 + i));
    else if (action === 'sweep') {
      const pinned = known.filter((_, i) => (at >> (i % 30)) & 1).slice(0, 100);
      pinned.forEach((of, i) => {
        core.view.setUint32(this.out + 4 * i, of, true);
      });
      call.sweep(stream, keys, this.out, pinned.length);
      model.sweep(pinned);
    } else {
      // Few ids many times, or many.
      const ids = known.slice(0, 1 + (at % 100));
      for (let i = 0; i < numbers.length && ids.length > 0; i++) {
        this.#hold(action, ids[(at + i * 31) % ids.length] as number);
      }
    }
  }

  #hold(action: Action, id: number): void {
    const { core, model, stream, keys, kind } = this;
    const { call } = core;
    const live = model.live.get(id) ?? 0;
    const pins = model.pins.get(id) ?? 0;
    if (action === 'add') {
      call.countRow(stream, keys, id);
      if (live === 0) model.order.push(id);
      model.live.set(id, live + 1);
    } else if (action === 'remove' && live > 0) {
      call.uncountRow(keys, id);
      model.live.set(id, live - 1);
      if (live === 1) model.order = model.order.filter((of) => of !== id);
    } else if (action === 'pin' && kind.pins) {
      call.pin(keys, id);
      model.pins.set(id, pins + 1);
    } else if (action === 'unpin' && pins > 0) {
      call.unpin(keys, id);
      model.pins.set(id, pins - 1);
    }
  }

  verify(): void {
    const { core, model, stream, keys } = this;
    const { call } = core;
    const known = model.known;
    const { used } = core.check();
    const scratch = [this.stream, this.words, this.out].reduce((sum, of) => sum + (used.get(of) as number), 0);
    expect(core.ownedBytes() - scratch).toBe(call.usedOf(stream));
    expect(new Set(known).size).toBe(known.length);
    expect(call.dictionaryLimit(keys) - call.freeIds(keys)).toBe(known.length);
    expect(known.every((id) => id < call.dictionaryLimit(keys))).toBe(true);
    expect(call.liveIds(keys)).toBe(model.order.length);
    expect(call.aliveIds(keys)).toBe(known.filter((id) => model.isAlive(id)).length);
    const order = Array.from({ length: call.orderLength(keys) }, (_, i) => core.u32(call.orderOf(keys) + 4 * i));
    expect(order.filter((id) => id !== NONE)).toEqual(model.order);
  }

  /** Looks for keys without giving them ids. */
  find(values: readonly number[]): void {
    const { core, model } = this;
    for (const value of values) {
      this.#write([value]);
      const id = core.call.idAt(this.stream, this.keys, this.words, this.lanes) >>> 0;
      expect(id).toBe(model.ids.get(this.#nameOf(value)) ?? NONE);
    }
  }

  end(): void {
    const { core } = this;
    core.call.destroyDictionary(this.stream, this.keys);
    expect(core.call.usedOf(this.stream)).toBe(0);
    core.removeCanaries();
    for (const block of [this.stream, this.words, this.out]) core.call.release(0, block);
    const { used, freeCount } = core.check();
    expect([used.size, freeCount]).toEqual([0, 1]);
  }
}

test('each key has an id of its own until a sweep finds that nothing holds it', () => {
  const property = fc.property(kind, fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (kind, steps) => {
    const subject = new Subject(kind);
    for (const { action, numbers, at } of steps) {
      subject.run(action, numbers, at);
      if (at % 8 === 0) subject.core.placeCanary(64 + (at % 500));
      subject.verify();
      subject.find(numbers.slice(0, 3));
    }
    subject.end();
  });
  fc.assert(property, { numRuns: runs(60) });
});

test('0 and -0 are one number, and so are all NaNs; as words they differ', () => {
  const idsOf = (keys: number) => {
    const { core, stream, keys: dictionary, words, out, lanes } = new Subject({ keys, width: 1, pins: false });
    const { view } = core;
    [0, -0, NaN].forEach((value, i) => {
      view.setFloat64(words + 8 * i, value, true);
    });
    view.setBigUint64(words + 24, 0xfff8_0000_0000_0001n, true);
    core.call.mapKeys(stream, dictionary, words, lanes, out, 4, keys === NUMBERS ? 1 : 0);
    return Array.from({ length: 4 }, (_, i) => core.u32(out + 4 * i));
  };
  expect(idsOf(NUMBERS)).toEqual([0, 0, 1, 1]);
  expect(idsOf(WORDS)).toEqual([0, 1, 2, 3]);
});

test('a dictionary that has had many keys gives memory back when they are swept', () => {
  const subject = new Subject({ keys: NUMBERS, width: 1, pins: true });
  const { core, stream, keys, out } = subject;
  for (let from = 0; from < 20_000; from += 1000) subject.map(Array.from({ length: 1000 }, (_, i) => from + i));
  for (let id = 0; id < 20_000; id += 1999) {
    core.call.countRow(stream, keys, id);
    subject.model.live.set(id, 1);
    subject.model.order.push(id);
  }
  const before = core.call.usedOf(stream);
  // A sweep halves the room at the most.
  for (let i = 0; i < 8; i++) core.call.sweep(stream, keys, out, 0);
  subject.model.sweep([]);
  subject.verify();
  subject.find([0, 1, 1999, 2000, 19_990]);
  expect(core.call.dictionaryLimit(keys)).toBe(19_991);
  for (let id = 1999; id < 20_000; id += 1999) {
    core.call.uncountRow(keys, id);
    subject.model.live.set(id, 0);
  }
  subject.model.order = [0];
  for (let i = 0; i < 8; i++) core.call.sweep(stream, keys, out, 0);
  subject.model.sweep([]);
  subject.verify();
  expect(core.call.dictionaryLimit(keys)).toBe(1);
  expect(core.call.usedOf(stream)).toBeLessThan(before / 8);
  subject.end();
});

/**
 * The protocol of bindings/shared/ (ring.ts, indices.ts, signal.ts), in every interleaving of two threads: this suite
 * catches lost wake-ups, races on a slot, and threads that wait for ever. The classes themselves run, see
 * interleavings.ts. These are the laws:
 *
 *     an event is read after it was published, in order, and its slot is not written before it was released
 *     nobody sleeps while there is something to do and the other has finished what it was doing
 *     no state is without a next step unless both threads have come to their end and everything has arrived
 *     a wait ends with true where there is enough, and with false only where the other has gone
 *
 * Indices begin close to 2^32 and pass it. ring-model.large.test.ts has rings of more events.
 */

import { describe, expect, test } from 'vitest';
import type { Edit } from '../../support/edit';
import { type Call, search, sharedWords, surroundings, type Thread, violated } from './interleavings';
import { AWAITING, BLOCKING, checkRing, type RingModel, type Ways } from './ring-model';
import { loadShared } from './shared-sources';

test.each<[RingModel, Ways]>([
  [{ capacity: 1, events: 5, waits: [1, 1] }, BLOCKING],
  [{ capacity: 1, events: 5, waits: [1, 1] }, AWAITING],
  [{ capacity: 2, events: 4, waits: [1, 2] }, BLOCKING],
  [{ capacity: 2, events: 4, waits: [2, 1] }, AWAITING],
])('every interleaving keeps the laws: %o, %o', (model, ways) => {
  expect(checkRing(model, ways)).toBeGreaterThan(5000);
});

test.each<[RingModel, Ways]>([
  [{ capacity: 1, events: 6, waits: [1, 1], cancelAt: 3 }, BLOCKING],
  [{ capacity: 1, events: 6, waits: [1, 1], cancelAt: 3 }, AWAITING],
  [{ capacity: 2, events: 4, waits: [2, 1], cancelAt: 0 }, BLOCKING],
  [{ capacity: 2, events: 4, waits: [2, 1], cancelAt: 0 }, AWAITING],
])('both threads end when the consumer cancels: %o, %o', (model, ways) => {
  expect(checkRing(model, ways)).toBeGreaterThan(500);
});

//   ring of 4   ■ ■ · ·     the producer waits for 3 places, the consumer for 3 events
test.each<[capacity: number, producer: number, consumer: number, ways: Ways]>([
  [2, 2, 2, BLOCKING],
  [2, 2, 2, AWAITING],
  [4, 3, 3, AWAITING],
  [4, 4, 2, BLOCKING],
])('two waits of more than the capacity and one may never end: over %i for %i and %i, %o', (capacity, ...given) => {
  const [producer, consumer, ways] = given;
  const model: RingModel = { capacity, events: capacity + 1, waits: [producer, consumer] };
  expect(() => checkRing(model, ways)).toThrow('nobody goes on');
});

const signal = (find: string, replace: string): Edit => ({ file: 'bindings/shared/signal.ts', find, replace });
const indices = (find: string, replace: string): Edit => ({ file: 'bindings/shared/indices.ts', find, replace });
const ring = (find: string, replace: string): Edit => ({ file: 'bindings/shared/ring.ts', find, replace });

/** The turn of the loop in Signal.wait, and in Signal.ready, up to where the thread sleeps. */
const READ_BELL = 'const bell = Atomics.load(this.#words, this.#at + BELL);';
const SET_FLAG = 'Atomics.store(this.#words, this.#at + WAITING, 1);';
const LOOK = { wait: 'if (isReady()) return true;', ready: 'if (isReady()) return;' };
const INDENT = { wait: '      ', ready: '        ' };

/** Another order of the statements of that turn. */
const turned = (loop: 'wait' | 'ready', ...statements: string[]): Edit => {
  const lines = (all: string[]) => all.map((line) => `\n${INDENT[loop]}${line}`).join('');
  return signal(lines([READ_BELL, SET_FLAG, LOOK[loop]]), lines(statements));
};

type Mutation = [departure: string, law: RegExp, ...edits: Edit[]];

const OF_BOTH_LOOPS = (['wait', 'ready'] as const).flatMap((loop): Mutation[] => [
  [`${loop} looks only once`, /sleeps/, turned(loop, READ_BELL, SET_FLAG)],
  [`${loop} sets the flag after its second look`, /sleeps/, turned(loop, READ_BELL, LOOK[loop], SET_FLAG)],
  [`${loop} reads the bell after its second look`, /sleeps/, turned(loop, SET_FLAG, LOOK[loop], READ_BELL)],
]);

const RAISE_EVENTS = 'this.#events.raise();';
const STORE_TAIL = 'Atomics.store(this.#words, TAIL, this.#tail);';
const STORE_HEAD = 'Atomics.store(this.#words, HEAD, this.#head);';
const CLEAR_FLAG = 'Atomics.store(this.#words, this.#at + WAITING, 0);';
const CHANGE_BELL = 'Atomics.add(this.#words, this.#at + BELL, 1);';
const NOTIFY = 'Atomics.notify(this.#words, this.#at + BELL);';
const lines = (...statements: string[]) => statements.map((line) => `\n    ${line}`).join('');

const MUTATIONS: Mutation[] = [
  [
    'push publishes before it writes',
    /read/,
    ring(
      'const first = Math.min(n, this.capacity - this.writeAt);',
      'const first = Math.min(n, this.capacity - this.writeAt); const at = this.writeAt; this.#indices.publish(n);',
    ),
    ring('copy(this.columns[name] as never, this.writeAt,', 'copy(this.columns[name] as never, at,'),
    ring('if (n > 0) this.#indices.publish(n);', ''),
  ],
  [
    'take releases before it reads',
    /read/,
    ring(
      'const first = Math.min(length, this.capacity - this.readAt);',
      'const first = Math.min(length, this.capacity - this.readAt); const at = this.readAt; ' +
        'this.#indices.release(length);',
    ),
    ring('copy(values, 0, column, this.readAt, first);', 'copy(values, 0, column, at, first);'),
    ring('if (length > 0) this.#indices.release(length);', ''),
  ],
  ...OF_BOTH_LOOPS,
  [
    'publish raises the signal before it stores the index',
    /sleeps/,
    indices(lines(STORE_TAIL, RAISE_EVENTS), lines(RAISE_EVENTS, STORE_TAIL)),
  ],
  [
    'release raises the signal before it stores the index',
    /sleeps/,
    indices(lines(STORE_HEAD, 'this.#room.raise();'), lines('this.#room.raise();', STORE_HEAD)),
  ],
  ['ring does not change the bell', /sleeps/, signal(CHANGE_BELL, '')],
  [
    'ring notifies before it changes the bell',
    /sleeps/,
    signal(lines(CHANGE_BELL, NOTIFY), lines(NOTIFY, CHANGE_BELL)),
  ],
  [
    'ring clears the flag after it has notified',
    /sleeps/,
    signal(lines(CLEAR_FLAG, CHANGE_BELL, NOTIFY), lines(CHANGE_BELL, NOTIFY, CLEAR_FLAG)),
  ],
  ['the producer does not ring at its end', /sleeps/, indices('this.#events.ring();', '')],
  [
    'the consumer does not ring at its end',
    /sleeps/,
    indices(
      'Atomics.store(this.#words, CONSUMER_GONE, 1);\n    this.#room.ring();',
      'Atomics.store(this.#words, CONSUMER_GONE, 1);',
    ),
  ],
  [
    'waitFilled does not look again after the producer has gone',
    /arrived/,
    indices('timeoutMs) && this.available(n) >= n', 'timeoutMs) && ((this.#tailSeen - this.#head) | 0) >= n'),
  ],
  [
    'filled does not look again after the producer has gone',
    /arrived/,
    indices('return this.available(n) >= n', 'return ((this.#tailSeen - this.#head) | 0) >= n'),
  ],
  [
    'the producer never reads the other index anew',
    /sleeps/,
    indices('this.#headSeen = Atomics.load(this.#words, HEAD);', ''),
  ],
  [
    'the consumer never reads the other index anew',
    /sleeps/,
    indices('this.#tailSeen = Atomics.load(this.#words, TAIL);', ''),
  ],
  [
    'release gives up everything that was seen',
    /read|arrived/,
    indices('this.#head = (this.#head + n) | 0;', 'this.#head = this.#tailSeen;'),
  ],
  [
    'free finds one place too many',
    /overwritten/,
    indices('const free = this.capacity', 'const free = 1 + this.capacity'),
    indices('return this.capacity', 'return 1 + this.capacity'),
  ],
  [
    'there finds one event too many',
    /read/,
    indices('const there = (this.#tailSeen', 'const there = 1 + (this.#tailSeen'),
    indices('return (this.#tailSeen', 'return 1 + (this.#tailSeen'),
  ],
];

describe('the search finds what is wrong', () => {
  test.each(MUTATIONS)('where %s', (departure, law, ...edits) => {
    const model: RingModel = {
      capacity: 2,
      events: 6,
      waits: [1, 2],
      cancelAt: departure.startsWith('the consumer does not ring') ? 2 : undefined,
    };
    const awaits = edits.some(({ find }) => find.includes(LOOK.ready) || find.startsWith('return this.available'));
    expect(() => checkRing(model, awaits ? AWAITING : BLOCKING, edits)).toThrow(law);
  });
});

type Work = 'before' | 'after';

/**
 * A signal that `raisers` raise, each after one piece of work, and on which `waiters` wait, each for one piece of work
 * more than the one before it.
 */
function checkSignal(raisers: number, waiters: number, edits: readonly Edit[] = []): number {
  const { Signal } = loadShared(surroundings, edits);
  const WORK = 2;
  const signal = new Signal(sharedWords, 0);
  const thread = (run: () => void, wanted: number): Thread<Work> => {
    const call: Call<Work> = {
      name: 'only',
      run() {
        run();
        return 'after';
      },
    };
    return {
      start: 'before',
      callsAfter: (progress) => (progress === 'before' ? [call] : []),
      objects: () => [signal],
      hasWork: ({ words }) => (words.get(WORK) as number) >= wanted,
    };
  };
  const raise = () => {
    surroundings.Atomics.add(sharedWords, WORK, 1);
    signal.raise();
  };
  const wait = (wanted: number) => {
    if (!signal.wait(() => surroundings.Atomics.load(sharedWords, WORK) >= wanted)) violated('a wait ended too early');
  };
  return search<Work>({
    threads: [
      ...Array.from({ length: raisers }, () => thread(raise, 0)),
      ...Array.from({ length: waiters }, (_, i) => thread(() => wait(i + 1), i + 1)),
    ],
    words: [
      [0, 0],
      [1, 0],
      [WORK, 0],
    ],
    bells: [0],
    slotCount: 0,
  });
}

test.each([
  [3, 1],
  [2, 2],
])('a signal that %i threads raise wakes all %i that wait on it', (raisers, waiters) => {
  expect(checkSignal(raisers, waiters)).toBeGreaterThan(500);
});

test('a waiter that cleared the flag when it goes would make others sleep on', () => {
  const cleared = 'if (isReady()) { Atomics.store(this.#words, this.#at + WAITING, 0); return true; }';
  expect(() => checkSignal(2, 2, [turned('wait', READ_BELL, SET_FLAG, cleared)])).toThrow('sleeps');
});

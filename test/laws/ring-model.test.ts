/**
 * The protocol of bindings/shared/ring.ts and signal.ts, in every interleaving of two threads.
 *
 * A state is a row of small numbers: the words of the control block, the slots, and of each thread the step at which it stands and
 * its local variables. A step does one operation on what is shared, an atomic one or the plain access to one slot, and what is local up to the
 * next. The search goes through all states that can be reached and throws at the first that breaks a law:
 *
 *     an event is read after it was published, in order, and its slot is not written before it was released
 *     nobody sleeps while there is something to do and the other has finished what it was doing
 *     no state is without a next step unless both threads have come to their end and everything has arrived
 *
 * Indices are modulo a small number where the ring has 2^32, and begin close to it. Sleeps have no end of their own here: no law rests on patience.
 */

import { expect, test } from 'vitest';

/** Departures from the protocol, each of which has to be found out. */
type Mutation =
  | 'publish before the write'
  | 'release before the read'
  | 'no second look'
  | 'flag set after the look'
  | 'bell read after the look'
  | 'raise before the index is stored'
  | 'ring without a change of the bell'
  | 'notify before the bell changes'
  | 'no ring at the end'
  | 'no look after the other has gone'
  | 'the other index never read anew'
  | 'release of all that was seen'
  | 'one place more than there is'
  | 'one event more than there is';

interface Model {
  capacity: number;
  events: number;
  /** How many places the producer, and how many events the consumer, waits for at the most. */
  waits: [producer: number, consumer: number];
  /** The consumer cancels once it has so many. */
  cancelAt?: number;
  mutation?: Mutation;
}

// Words that are shared, as in the control block; ROOM and EVENTS are bells, each followed by `waiting`.
const HEAD = 0;
const TAIL = 1;
const CONSUMER_GONE = 2;
const PRODUCER_GONE = 3;
const ROOM = 4;
const EVENTS = 6;
const PRODUCER = 8;
const CONSUMER = 19;
/** Two of each slot: the number of the event in it, and how far it has come. */
const SLOTS = 30;

const EMPTY = 0;
const WRITTEN = 1;
const PUBLISHED = 2;

// Of each thread, from PRODUCER or CONSUMER on.
const STEP = 0;
const ASLEEP = 1;
const OWN = 2;
const SEEN = 3;
const BATCH = 4;
const WANTED = 5;
const CLAIMED = 6;
const TOUCHED = 7;
const BELL = 8;
const COUNT = 9;
const ENDING = 10;

const STEPS = [
  'choose',
  'look',
  'look whether gone',
  'read bell',
  'set flag',
  'look again',
  'look again whether gone',
  'sleep',
  'look after waiting',
  'claim',
  'touch',
  'store',
  'look at flag',
  'clear flag',
  'change bell',
  'notify',
  'go',
  'end',
] as const;
type Step = (typeof STEPS)[number];
type State = Int8Array<ArrayBuffer>;

function violated(law: string): never {
  throw new Error(law);
}

/** One of the two threads: they do the same, with the roles of the words exchanged. */
function thread(model: Model, at: typeof PRODUCER | typeof CONSUMER) {
  const { capacity, events, cancelAt, mutation } = model;
  const modulus = Math.max(4, 2 * capacity);
  const produces = at === PRODUCER;
  const own = produces ? TAIL : HEAD;
  const others = produces ? HEAD : TAIL;
  const ownGone = produces ? PRODUCER_GONE : CONSUMER_GONE;
  const othersGone = produces ? CONSUMER_GONE : PRODUCER_GONE;
  const waitsOn = produces ? ROOM : EVENTS;
  const wakes = produces ? EVENTS : ROOM;

  const waitsAtMost = model.waits[produces ? 0 : 1];
  const difference = (a: number, b: number) => (a - b + modulus) % modulus;
  const between = (mine: number, other: number) => {
    if (produces) return capacity - difference(mine, other) + (mutation === 'one place more than there is' ? 1 : 0);
    return difference(other, mine) + (mutation === 'one event more than there is' ? 1 : 0);
  };
  const get = (s: State, field: number) => s[at + field] as number;
  const known = (s: State) => between(get(s, OWN), get(s, SEEN));
  const go = (s: State, step: Step) => {
    s[at + STEP] = STEPS.indexOf(step);
  };
  const load = (s: State) => {
    if (mutation !== 'the other index never read anew') s[at + SEEN] = s[others] as number;
  };

  const slotOf = (index: number) => SLOTS + 2 * (index % capacity);
  const touch = (s: State) => {
    const slot = slotOf(get(s, OWN) + get(s, TOUCHED));
    const event = get(s, COUNT) + get(s, TOUCHED);
    if (produces) {
      if (s[slot + 1] !== EMPTY && mutation !== 'publish before the write') violated('overwritten before its release');
      s[slot] = event;
      s[slot + 1] = WRITTEN;
    } else {
      if (s[slot + 1] !== PUBLISHED) violated('read before it was published');
      if (s[slot] !== event) violated('read out of order');
    }
    s[at + TOUCHED] = get(s, TOUCHED) + 1;
  };
  const store = (s: State) => {
    const n = get(s, CLAIMED);
    for (let i = 0; i < n; i++) s[slotOf(get(s, OWN) + i) + 1] = produces ? PUBLISHED : EMPTY;
    const all = mutation === 'release of all that was seen' && !produces;
    s[at + OWN] = all ? get(s, SEEN) : (get(s, OWN) + n) % modulus;
    s[own] = get(s, OWN);
    s[at + COUNT] = get(s, COUNT) + n;
  };

  const order: Step[] = (() => {
    if (mutation === 'publish before the write' && produces) return ['store', 'touch', 'look at flag'];
    if (mutation === 'release before the read' && !produces) return ['store', 'touch', 'look at flag'];
    if (mutation === 'raise before the index is stored') return ['touch', 'look at flag', 'store'];
    return ['touch', 'store', 'look at flag'];
  })();
  const afterIn = (step: Step) => order[order.indexOf(step) + 1] ?? 'choose';
  const afterRing = (s: State): Step => (get(s, ENDING) ? 'end' : afterIn('look at flag'));
  const ringing: Step[] =
    mutation === 'notify before the bell changes'
      ? ['clear flag', 'notify', 'change bell']
      : mutation === 'ring without a change of the bell'
        ? ['clear flag', 'notify']
        : ['clear flag', 'change bell', 'notify'];
  const nextRinging = (s: State, step: Step): Step => ringing[ringing.indexOf(step) + 1] ?? afterRing(s);
  /** From the first look on: what is done one after the other until there is enough, or the other has gone. */
  const waiting: Step[] = (() => {
    const steps: Step[] = ['read bell', 'set flag', 'look again', 'look again whether gone', 'sleep'];
    if (mutation === 'no second look') return steps.filter((step) => !step.startsWith('look'));
    if (mutation === 'flag set after the look') return [steps[0], steps[2], steps[3], steps[1], steps[4]] as Step[];
    if (mutation === 'bell read after the look') return [steps[1], steps[2], steps[3], steps[0], steps[4]] as Step[];
    return steps;
  })();
  const nextWaiting = (step: Step) => waiting[waiting.indexOf(step) + 1] as Step;

  const steps: Record<Step, (s: State) => void> = {
    choose: () => undefined,
    look(s) {
      if (known(s) < get(s, WANTED)) load(s);
      go(s, known(s) >= get(s, WANTED) ? 'look after waiting' : 'look whether gone');
    },
    'look whether gone'(s) {
      go(s, s[othersGone] ? 'look after waiting' : (waiting[0] as Step));
    },
    'read bell'(s) {
      s[at + BELL] = s[waitsOn] as number;
      go(s, nextWaiting('read bell'));
    },
    'set flag'(s) {
      s[waitsOn + 1] = 1;
      go(s, nextWaiting('set flag'));
    },
    'look again'(s) {
      load(s);
      go(s, known(s) >= get(s, WANTED) ? 'look after waiting' : nextWaiting('look again'));
    },
    'look again whether gone'(s) {
      go(s, s[othersGone] ? 'look after waiting' : nextWaiting('look again whether gone'));
    },
    sleep(s) {
      if (s[waitsOn] === get(s, BELL)) s[at + ASLEEP] = 1;
      go(s, waiting[0] as Step);
    },
    'look after waiting'(s) {
      if (known(s) < get(s, WANTED) && mutation !== 'no look after the other has gone') load(s);
      if (known(s) < get(s, WANTED) && !s[othersGone]) violated('a wait ended too early');
      go(s, 'claim');
    },
    claim(s) {
      if (known(s) < get(s, BATCH) && mutation !== 'no look after the other has gone') load(s);
      s[at + CLAIMED] = Math.min(get(s, BATCH), known(s));
      s[at + TOUCHED] = 0;
      go(s, get(s, CLAIMED) > 0 ? (order[0] as Step) : 'go');
    },
    touch(s) {
      if (order[0] === 'store') {
        // The index has moved on already.
        const n = get(s, CLAIMED);
        s[at + OWN] = (get(s, OWN) - n + modulus) % modulus;
        s[at + COUNT] = get(s, COUNT) - n;
        touch(s);
        s[at + OWN] = (get(s, OWN) + n) % modulus;
        s[at + COUNT] = get(s, COUNT) + n;
      } else touch(s);
      go(s, get(s, TOUCHED) < get(s, CLAIMED) ? 'touch' : afterIn('touch'));
    },
    store(s) {
      store(s);
      go(s, afterIn('store'));
    },
    'look at flag'(s) {
      go(s, s[wakes + 1] ? 'clear flag' : afterRing(s));
    },
    'clear flag'(s) {
      s[wakes + 1] = 0;
      go(s, nextRinging(s, 'clear flag'));
    },
    'change bell'(s) {
      s[wakes] = (s[wakes] as number) + 1;
      go(s, nextRinging(s, 'change bell'));
    },
    notify(s) {
      s[(produces ? CONSUMER : PRODUCER) + ASLEEP] = 0;
      go(s, nextRinging(s, 'notify'));
    },
    go(s) {
      s[ownGone] = 1;
      s[at + ENDING] = 1;
      go(s, mutation === 'no ring at the end' ? 'end' : 'clear flag');
    },
    end: () => undefined,
  };

  /** Makes states equal that differ only in what nobody reads any more. */
  const forget = (s: State) => {
    const step = STEPS[get(s, STEP)] as Step;
    // Of a bell only the difference to what was read counts.
    const isBellRead = waiting.includes(step) && waiting.indexOf(step) > waiting.indexOf('read bell');
    s[waitsOn] = isBellRead ? (s[waitsOn] as number) - get(s, BELL) : 0;
    s[at + BELL] = 0;
    if (step === 'choose') for (const field of [BATCH, WANTED, CLAIMED, TOUCHED]) s[at + field] = 0;
  };
  const left = (s: State) => (produces ? events : (cancelAt ?? 100)) - get(s, COUNT);

  return {
    /** The states that follow when this thread does its next step. */
    next(s: State): State[] {
      const step = STEPS[get(s, STEP)] as Step;
      if (step === 'end' || get(s, ASLEEP)) return [];
      const most = Math.min(capacity, left(s));
      if (step !== 'choose' || most <= 0) {
        const after = s.slice();
        if (step === 'choose') go(after, 'go');
        else steps[step](after);
        return [after];
      }
      const chosen: State[] = [];
      for (let batch = 1; batch <= most; batch++) {
        for (let wanted = 1; wanted <= Math.min(batch, waitsAtMost); wanted++) {
          const after = s.slice();
          after[at + BATCH] = batch;
          after[at + WANTED] = wanted;
          go(after, 'look');
          chosen.push(after);
        }
      }
      return chosen;
    },
    forget,
    isBetween: (s: State) => ['choose', 'end'].includes(STEPS[get(s, STEP)] as Step),
    isAtEnd: (s: State) => STEPS[get(s, STEP)] === 'end',
    /** Asleep, although it would find something to do if it looked. */
    isForgotten(s: State) {
      if (!get(s, ASLEEP)) return false;
      const there = difference(s[TAIL] as number, s[HEAD] as number);
      return s[othersGone] === 1 || (produces ? capacity - there : there) >= get(s, WANTED);
    },
    count: (s: State) => get(s, COUNT),
  };
}

/** Goes through all states, and says how many there are. @throws where one breaks a law */
function check(model: Model): number {
  const producer = thread(model, PRODUCER);
  const consumer = thread(model, CONSUMER);
  const first = new Int8Array(SLOTS + 2 * model.capacity);
  const start = Math.max(4, 2 * model.capacity) - 1;
  for (const word of [HEAD, TAIL, PRODUCER + OWN, PRODUCER + SEEN, CONSUMER + OWN, CONSUMER + SEEN]) {
    first[word] = start;
  }
  const key = (s: State) => String.fromCharCode(...s);
  const seen = new Set([key(first)]);
  const open = [first];
  for (let s = open.pop(); s; s = open.pop()) {
    if (consumer.isBetween(s) && producer.isForgotten(s)) violated('the producer sleeps though there is room');
    if (producer.isBetween(s) && consumer.isForgotten(s)) violated('the consumer sleeps though there are events');
    const following = [...producer.next(s), ...consumer.next(s)];
    if (following.length === 0) {
      if (!producer.isAtEnd(s) || !consumer.isAtEnd(s)) violated('nobody goes on');
      const expected = model.cancelAt ?? model.events;
      if (consumer.count(s) !== Math.min(expected, model.events)) violated('not everything arrived');
    }
    for (const after of following) {
      producer.forget(after);
      consumer.forget(after);
      const name = key(after);
      if (seen.has(name)) continue;
      seen.add(name);
      open.push(after);
    }
  }
  return seen.size;
}

test.each<Model>([
  { capacity: 1, events: 9, waits: [1, 1] },
  { capacity: 2, events: 9, waits: [1, 2] },
  { capacity: 2, events: 9, waits: [2, 1] },
  { capacity: 4, events: 5, waits: [2, 3] },
  { capacity: 4, events: 5, waits: [4, 1] },
  { capacity: 4, events: 5, waits: [1, 4] },
])(
  'every interleaving of two threads keeps the laws: $events events over $capacity places, waiting for $waits',
  (model) => {
    expect(check(model)).toBeGreaterThan(500);
  },
);

test.each<Model>([
  { capacity: 1, events: 6, waits: [1, 1], cancelAt: 3 },
  { capacity: 2, events: 6, waits: [2, 1], cancelAt: 3 },
  { capacity: 4, events: 6, waits: [4, 1], cancelAt: 1 },
  { capacity: 2, events: 4, waits: [2, 1], cancelAt: 0 },
])('both end where the consumer cancels after $cancelAt of $events events over $capacity places', (model) => {
  expect(check(model)).toBeGreaterThan(50);
});

//   ring of 4   ■ ■ · ·     the producer waits for 3 places, the consumer for 3 events
test.each<[capacity: number, producer: number, consumer: number]>([
  [2, 2, 2],
  [4, 3, 3],
  [4, 4, 2],
])(
  'over %i places, waits for %i places and %i events, together more than one above, may never end',
  (capacity, ...waits) => {
    expect(() => check({ capacity, events: capacity + 1, waits })).toThrow('nobody goes on');
  },
);

test.each<[Mutation, RegExp]>([
  ['publish before the write', /read/],
  ['release before the read', /read/],
  ['no second look', /sleeps/],
  ['flag set after the look', /sleeps/],
  ['bell read after the look', /sleeps/],
  ['raise before the index is stored', /sleeps/],
  ['ring without a change of the bell', /sleeps/],
  ['notify before the bell changes', /sleeps/],
  ['no ring at the end', /sleeps/],
  ['no look after the other has gone', /arrived/],
  ['the other index never read anew', /sleeps/],
  ['release of all that was seen', /read|arrived/],
  ['one place more than there is', /overwritten/],
  ['one event more than there is', /read/],
])('the search finds what is wrong with: %s', (mutation, law) => {
  expect(() => check({ capacity: 2, events: 6, waits: [1, 2], mutation })).toThrow(law);
});

/** A signal that `raisers` raise and on which `waiters` wait, each for one piece of work more than the one before it. */
function checkSignal(raisers: number, waiters: number, clearsFlag = false): number {
  const [WORK, RUNG, FLAG, FIRST] = [0, 1, 2, 3] as const;
  const field = (thread: number, which: number) => FIRST + 3 * thread + which;
  const first = new Int8Array(field(raisers + waiters, 0));
  const raise = (s: State, at: number): void => {
    const add = (field: number, n: number) => {
      s[field] = (s[field] as number) + n;
    };
    const step = s[at];
    if (step === 0) add(WORK, 1);
    if (step === 1 && s[FLAG] === 0) s[at] = 4;
    if (step === 2) s[FLAG] = 0;
    if (step === 3) add(RUNG, 1);
    if (step === 4) for (let j = raisers; j < raisers + waiters; j++) s[field(j, 2)] = 0;
    add(at, 1);
  };
  const wait = (s: State, at: number, wanted: number): void => {
    const isReady = () => (s[WORK] as number) >= wanted;
    const steps = [
      () => (isReady() ? 5 : 1),
      () => {
        s[at + 1] = s[RUNG] as number;
        return 2;
      },
      () => {
        s[FLAG] = 1;
        return 3;
      },
      () => (isReady() ? (clearsFlag ? 6 : 5) : 4),
      () => {
        if (s[RUNG] === s[at + 1]) s[at + 2] = 1;
        return 1;
      },
    ];
    const step = s[at] as number;
    if (step === 6) s[FLAG] = 0;
    s[at] = step === 6 ? 5 : (steps[step]?.() as number);
  };
  const seen = new Set([String.fromCharCode(...first)]);
  const open: State[] = [first];
  for (let s = open.pop(); s; s = open.pop()) {
    const areRaisersBetween = Array.from({ length: raisers }, (_, i) => s[field(i, 0)]).every(
      (at) => at === 0 || at === 5,
    );
    for (let i = 0; i < raisers + waiters; i++) {
      const wanted = i - raisers + 1;
      const isAsleep = s[field(i, 2)] === 1;
      if (isAsleep && areRaisersBetween && (s[WORK] as number) >= wanted) violated('it sleeps though there is work');
      if (s[field(i, 0)] === 5 || isAsleep) continue;
      const after = s.slice();
      if (i < raisers) raise(after, field(i, 0));
      else wait(after, field(i, 0), wanted);
      const name = String.fromCharCode(...after);
      if (seen.has(name)) continue;
      seen.add(name);
      open.push(after);
    }
  }
  return seen.size;
}

test.each([
  [3, 1],
  [2, 2],
])('a signal that %i threads raise wakes all %i that wait on it', (raisers, waiters) => {
  expect(checkSignal(raisers, waiters)).toBeGreaterThan(500);
});

test('a waiter that took the flag down as it goes would make others sleep on', () => {
  expect(() => checkSignal(2, 2, true)).toThrow('sleeps');
});

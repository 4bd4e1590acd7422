/**
 * A ring between two threads as a model of interleavings.ts: a producer and a consumer that move batches of any size
 * after waits of any length, with the classes of bindings/shared/.
 */

import type { Ring } from '../../../bindings';
import type { Edit } from '../../support/edit';
import { type Call, type Memory, search, surroundings, type Thread, violated } from './interleavings';
import { loadShared, type SharedCode } from './shared-sources';

// Words of the control block as indices.ts lays them out. ROOM and EVENTS are bells, each followed by `waiting`.
const HEAD = 0;
const CONSUMER_GONE = 1;
const TAIL = 32;
const PRODUCER_GONE = 33;
const ROOM = 64;
const EVENTS = 96;

/** A number of events after which the indices, which begin here, are 0. */
const BEFORE_WRAP = 3;

export interface Ways {
  /** Whether a thread stands still until there is enough, or awaits it. */
  waits: 'block' | 'await';
  /** Whether events are copied in and out, or written and read in place. */
  moves: 'copies' | 'in place';
}

export const BLOCKING: Ways = { waits: 'block', moves: 'copies' };
export const AWAITING: Ways = { waits: 'await', moves: 'in place' };

export interface RingModel {
  capacity: number;
  events: number;
  /** How many places the producer, and how many events the consumer, waits for at the most. */
  waits: [producer: number, consumer: number];
  /** The consumer cancels once it has so many. */
  cancelAt?: number;
}

interface Progress {
  phase: 'new' | 'running' | 'ready' | 'leaving' | 'gone';
  /** How many events the thread has sent or read. */
  count: number;
}

interface RingCall extends Call<Progress> {
  /** How many places or events it waits for. */
  wanted: number;
}

type EventRing = Ring<{ event: 'f64' }>;

/** The objects that a ring consists of. */
function objectsOf(root: object, { Ring, Indices, Signal }: SharedCode): object[] {
  const parts = Object.values(root).filter(
    (part) => part instanceof Ring || part instanceof Indices || part instanceof Signal,
  );
  return [root, ...parts.flatMap((part) => objectsOf(part, { Ring, Indices, Signal }))];
}

/** One side of a ring: opens it, moves batches of any size after waits of any length, and leaves. */
function side(code: SharedCode, model: RingModel, ways: Ways, isProducer: boolean): Thread<Progress> {
  const { capacity } = model;
  const total = isProducer ? model.events : (model.cancelAt ?? Number.POSITIVE_INFINITY);
  const maxWait = model.waits[isProducer ? 0 : 1];
  let ring: EventRing;

  const wait = (n: number): boolean => {
    if (ways.waits === 'block') return isProducer ? ring.waitReady(n) : ring.waitFilled(n);
    // What it awaits has happened by then.
    return (isProducer ? ring.ready(n) : ring.filled(n)) as unknown as boolean;
  };
  const write = (from: number, n: number): number => {
    if (ways.moves === 'copies') {
      const sent = ring.push({ event: Array.from({ length: n }, (_, i) => from + i) });
      ring.refused = 0;
      return sent;
    }
    const claimed = ring.claim(n);
    for (let i = 0, at = ring.writeAt; i < claimed; i++) ring.columns.event[at + i] = from + i;
    ring.publish(claimed);
    return claimed;
  };
  const read = (from: number, n: number): number => {
    const verify = (event: number | undefined, expected: number) => {
      if (event !== expected) violated('an event is read out of order');
    };
    if (ways.moves === 'copies') {
      const { length, columns } = ring.take(n);
      for (let i = 0; i < length; i++) verify(columns.event[i], from + i);
      return length;
    }
    const there = ring.peek(n);
    for (let i = 0, at = ring.readAt; i < there; i++) verify(ring.columns.event[at + i], from + i);
    ring.release(there);
    return there;
  };
  const waitFor = (count: number, wanted: number): Progress => {
    const isEnough = wait(wanted);
    if (isEnough) {
      const inRow = Math.min(wanted, capacity - (isProducer ? ring.writeAt : ring.readAt));
      if ((isProducer ? ring.claim(wanted) : ring.peek(wanted)) < inRow) violated('a wait ended with too little');
      return { phase: 'ready', count };
    }
    if (!(isProducer ? ring.isCancelled : ring.isEnded)) violated('a wait ended too early');
    // After a wait for one there is nothing left.
    return { phase: wanted === 1 ? 'leaving' : 'ready', count };
  };
  const move = (count: number, batch: number): Progress => {
    const moved = isProducer ? write(count, batch) : read(count, batch);
    return { phase: moved > 0 ? 'running' : 'leaving', count: count + moved };
  };

  const open: RingCall = {
    name: 'open',
    wanted: 0,
    run() {
      const buffer = new SharedArrayBuffer(0);
      ring = new code.Ring({ schema: { event: 'f64' }, capacity, buffer });
      return { phase: 'running', count: 0 };
    },
  };
  const leave = (count: number): RingCall => ({
    name: 'leave',
    wanted: 0,
    run() {
      if (isProducer) ring.end();
      else ring.cancel();
      return { phase: 'gone', count };
    },
  });
  const callsAfter = ({ phase, count }: Progress): RingCall[] => {
    if (phase === 'new') return [open];
    if (phase === 'gone') return [];
    const most = Math.min(capacity, total - count);
    if (phase === 'leaving' || most <= 0) return [leave(count)];
    const to = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
    if (phase === 'ready') return to(most).map((n) => ({ name: `move ${n}`, wanted: 0, run: () => move(count, n) }));
    return to(Math.min(most, maxWait)).map((wanted) => ({
      name: `wait for ${wanted}`,
      wanted,
      run: () => waitFor(count, wanted),
    }));
  };
  const hasWork = ({ words }: Memory, { wanted }: RingCall): boolean => {
    const word = (number: number) => words.get(number) as number;
    const there = (word(TAIL) - word(HEAD)) | 0;
    const isOtherGone = word(isProducer ? CONSUMER_GONE : PRODUCER_GONE) !== 0;
    return isOtherGone || (isProducer ? capacity - there : there) >= wanted;
  };
  return {
    start: { phase: 'new', count: 0 },
    callsAfter,
    objects: () => (ring ? objectsOf(ring, code) : []),
    hasWork: (memory, call) => hasWork(memory, call as RingCall),
  };
}

/** Visits every state of a ring, and returns how many there are. @throws where one breaks a law */
export function checkRing(model: RingModel, ways: Ways, edits: readonly Edit[] = []): number {
  const code = loadShared(surroundings, edits);
  const { capacity, events, cancelAt = events } = model;
  return search<Progress>({
    threads: [side(code, model, ways, true), side(code, model, ways, false)],
    words: [
      [HEAD, -BEFORE_WRAP],
      [CONSUMER_GONE, 0],
      [TAIL, -BEFORE_WRAP],
      [PRODUCER_GONE, 0],
      [ROOM, 0],
      [ROOM + 1, 0],
      [EVENTS, 0],
      [EVENTS + 1, 0],
    ],
    bells: [ROOM, EVENTS],
    slotCount: capacity,
    slotsAfterStore(slots, word, before, after) {
      if (word !== TAIL && word !== HEAD) return slots;
      const moved = slots.slice();
      for (let index = before; index !== after; index = (index + 1) | 0) {
        const at = index & (capacity - 1);
        const slot = slots[at] as (typeof slots)[number];
        if (word === HEAD) moved[at] = { value: 0, stage: 'empty' };
        else if (slot.stage === 'written') moved[at] = { ...slot, stage: 'published' };
      }
      return moved;
    },
    checkEnd([producer, consumer]) {
      const expected = Math.min(cancelAt, events);
      if (producer?.phase !== 'gone' || consumer?.phase !== 'gone') violated('a thread is not at its end');
      if (consumer?.count !== expected) violated('not everything arrived');
    },
  });
}

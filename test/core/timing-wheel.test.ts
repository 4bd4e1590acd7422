/**
 * assembly/window/session/timing-wheel.ts, with the heap beside it, against a sorted list: this suite catches spans
 * that come out too early, too late, twice or in the wrong order, pointers to spans that are lost, and a bound on
 * memory that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core, isBefore } from './core';

/** How far ahead of the watermark a span is due: soon, about a bucket's edge, or so far that it goes to the heap. */
const ahead = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 3, arbitrary: fc.double({ min: 0, max: 300, noNaN: true }) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 20_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 40, 2 ** 60, 1e300) },
);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('schedule' as const),
      times: fc.array(ahead, { maxLength: 60, size: 'max' }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('equal' as const),
      times: fc.array(ahead, { maxLength: 3, size: 'max' }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('put off' as const),
      times: fc.array(ahead, { maxLength: 20, size: 'max' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      times: fc.array(ahead, { maxLength: 10, size: 'max' }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      times: fc.array(ahead, { maxLength: 4, size: 'max' }),
    }),
  },
);

interface Span {
  address: number;
  /** When it is due, and its number, which breaks ties. */
  key: number;
  tie: number;
}

/** The use that sessions make of a wheel and a heap. */
class Schedule {
  readonly core = new Core();
  readonly spans: Span[] = [];
  readonly stream: number;
  readonly store: number;
  readonly wheel: number;
  readonly heap: number;
  watermark: number;
  count = 0;

  constructor(
    start: number,
    readonly firstTie: number,
    readonly isMore: boolean,
    readonly delay: number,
  ) {
    const { call } = this.core;
    this.stream = call.createStream(Infinity, 0);
    call.setDelay(this.stream, delay);
    this.store = call.createSpans(this.stream, isMore ? 1 : 0);
    this.wheel = call.createWheel(this.stream);
    this.heap = call.createHeap(this.stream);
    this.watermark = start;
    call.setWatermark(this.stream, start);
  }

  /** A new span that is due `after` the watermark. */
  add(after: number): void {
    const { core, stream, store } = this;
    const tie = (this.firstTie + this.count++) >>> 0;
    const address = core.call.newSpan(stream, store, this.watermark + after - this.delay, tie);
    const span = { address, key: core.call.dueOf(stream, address), tie };
    this.spans.push(span);
    this.#schedule(span);
  }

  #schedule({ address, key, tie }: Span): void {
    const { call } = this.core;
    const { stream, store, wheel, heap } = this;
    // Sessions are longer than nothing.
    const needed = Math.max(key - this.watermark, 1);
    if (!call.covers(wheel, needed)) call.widen(stream, wheel, store, heap, needed);
    call.addPointer(address);
    if (!call.place(stream, wheel, store, address, key)) call.pushItem(stream, heap, key, tie, address);
  }

  putOff(span: Span, after: number): void {
    const { call } = this.core;
    call.setEnd(span.address, Math.max(span.key, this.watermark + after) - this.delay);
    span.key = Math.max(span.key, call.dueOf(this.stream, span.address));
    call.setEnd(span.address, span.key - this.delay);
  }

  /** The span is gone although the wheel or the heap leads to it. */
  lose(span: Span): void {
    this.core.call.loseSpan(span.address);
    this.spans.splice(this.spans.indexOf(span), 1);
  }

  /** Moves the watermark, and returns the spans that came out. */
  advance(to: number): number[] {
    const { call } = this.core;
    this.watermark = to;
    call.setWatermark(this.stream, to);
    const out: number[] = [];
    const next = call.nextTurnTime(this.wheel);
    const coming = call.countComing(this.wheel, to) + call.countUpTo(this.heap, to);
    if (next <= to) {
      this.#takeUpTo(next, true, out);
      call.turnWheel(this.stream, this.wheel, this.store, this.heap);
    }
    this.#takeUpTo(to, false, out);
    expect(out.length).toBeLessThanOrEqual(coming);
    return out;
  }

  #takeUpTo(time: number, isBeforeOnly: boolean, out: number[]): void {
    const { core, stream, store, wheel, heap } = this;
    const { call, view } = core;
    for (;;) {
      const entry = call.readyEntry(wheel);
      const ready = entry ? { key: view.getFloat64(entry, true), tie: core.u32(entry + 8) } : undefined;
      const inHeap = call.heapLength(heap) ? { key: call.topKey(heap), tie: call.topTie(heap) } : undefined;
      const isReady = ready !== undefined && !(inHeap && isBefore(inHeap, ready));
      const first = isReady ? ready : inHeap;
      if (!first || (isBeforeOnly ? first.key >= time : first.key > time)) return;
      const address = isReady ? core.u32(entry + 12) : call.topItem(heap);
      const due = call.dueOf(stream, address);
      const isGone = call.isGone(address) !== 0;
      if (isReady) call.shiftReady(stream, wheel);
      else call.popItem(stream, heap);
      if (!isGone && due > first.key) {
        this.#schedule({ address, key: due, tie: first.tie });
      } else if (!isGone) {
        out.push(first.tie >>> 0);
        call.loseSpan(address);
      }
      call.dropPointer(stream, store, address);
    }
  }

  /** Gives room for that many more spans, and not more. */
  limitTo(n: number): void {
    const { call } = this.core;
    const { stream, wheel, heap } = this;
    const spans = this.spans.length + n;
    const bound = call.heapBytes(heap, 2 * spans) + call.wheelBytes(wheel, 2 * spans);
    call.setLimit(stream, call.usedOf(stream) + bound + call.slabBytes(call.slabOf(this.store), n));
  }

  verify(): void {
    const { core } = this;
    expect(core.ownedBytes() - (core.check().used.get(this.stream) as number)).toBe(core.call.usedOf(this.stream));
    for (const { address, key } of this.spans) expect(core.call.dueOf(this.stream, address)).toBe(key);
  }

  /** Gives everything back: first what the heap leads to, then the wheel, as sessions do. */
  end(): void {
    const { core, stream, store, wheel, heap } = this;
    const { call } = core;
    for (const { address } of this.spans) call.loseSpan(address);
    while (call.heapLength(heap)) {
      const span = call.topItem(heap);
      call.popItem(stream, heap);
      call.dropPointer(stream, store, span);
    }
    call.destroyHeap(stream, heap);
    call.destroyWheel(stream, wheel, store);
    // A pointer that was lost would have kept a slot, which the slab does not allow.
    call.destroySlab(stream, call.slabOf(store));
    call.release(stream, store);
    expect(call.usedOf(stream)).toBe(0);
    core.removeCanaries();
    core.check();
  }
}

/** The spans due by then, in order; they leave the list. */
function takeDue(spans: Span[], to: number): number[] {
  const due = spans.filter(({ key }) => key <= to).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  for (const span of due) spans.splice(spans.indexOf(span), 1);
  return due.map(({ tie }) => tie);
}

test('spans come out in the order in which they are due, and of those due together the older first', () => {
  const setting = fc.record({
    start: fc.constantFrom(0, -1000, 1e12 + 0.5, -0.125),
    firstTie: fc.constantFrom(0, 2 ** 32 - 40, 2 ** 31 - 40),
    isMore: fc.boolean(),
    delay: fc.constantFrom(0, 10),
  });
  let mostAtOnce = 0;
  const property = fc.property(setting, fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (of, steps) => {
    const schedule = new Schedule(of.start, of.firstTie, of.isMore, of.delay);
    const { core, spans } = schedule;
    const advance = (to: number) => {
      schedule.limitTo(0);
      const expected = takeDue(spans, to);
      mostAtOnce = Math.max(mostAtOnce, expected.length);
      expect(schedule.advance(to)).toEqual(expected);
    };
    for (const { kind, times } of steps) {
      if (kind === 'schedule' || kind === 'equal') {
        const all = kind === 'equal' ? times.flatMap((time) => new Array<number>(30).fill(time)) : times;
        schedule.limitTo(all.length);
        for (const time of all) schedule.add(time);
        core.placeCanary(64);
      } else if (kind === 'advance') {
        for (const time of times) advance(schedule.watermark + Math.min(time, 5000));
      } else {
        times.forEach((time, i) => {
          const span = spans[(i * 31) % Math.max(1, spans.length)];
          if (span && kind === 'lose') schedule.lose(span);
          else if (span) schedule.putOff(span, time);
        });
      }
      schedule.verify();
    }
    if (of.firstTie % 3 === 0) advance(1e301);
    schedule.end();
  });
  // A span that is put off beyond the numbers of buckets when its bucket comes up.
  const beyond = [
    { kind: 'schedule', times: [0, 2 ** 40, 0, 0, 1, 0, 0] },
    { kind: 'put off', times: [0, 0, 200, 0, 0, 0, 1e300] },
    { kind: 'schedule', times: [1, 1, 1, 200, 1, 1, 200] },
    { kind: 'advance', times: [2 ** 40] },
  ] as const;
  const examples = [[{ start: -0.125, firstTie: 0, isMore: false, delay: 0 }, beyond.map((one) => ({ ...one }))]];
  fc.assert(property, { numRuns: runs(80), examples: examples as never });
  expect(mostAtOnce).toBeGreaterThan(30);
});

test('thousands of spans on few times come out in order', () => {
  const schedule = new Schedule(0, 0, false, 0);
  for (let i = 0; i < 5000; i++) schedule.add(1 + ((i * 7919) % 977) / 8);
  for (let to = 0; to <= 130; to += 6.5) {
    const expected = takeDue(schedule.spans, to);
    if (to > 7 && to < 120) expect(expected.length).toBeGreaterThan(100);
    expect(schedule.advance(to)).toEqual(expected);
  }
  expect(schedule.spans).toHaveLength(0);
  expect(schedule.core.call.wheelCount(schedule.wheel)).toBe(0);
  schedule.end();
});

test('a span that is due too far ahead for the numbers of buckets is left to the heap', () => {
  const schedule = new Schedule(0, 0, false, 0);
  const { call } = schedule.core;
  schedule.add(10);
  expect(call.wheelCount(schedule.wheel)).toBe(1);
  const far = call.newSpan(schedule.stream, schedule.store, 1e300, 1);
  expect(call.place(schedule.stream, schedule.wheel, schedule.store, far, 1e300)).toBe(0);
  expect(call.place(schedule.stream, schedule.wheel, schedule.store, far, Infinity)).toBe(0);
  expect(call.nextTurnTime(schedule.wheel)).toBeGreaterThan(0);
  expect(call.nextTurnTime(schedule.wheel)).toBeLessThanOrEqual(10);
});

/**
 * Expressions, conditions and strings as measures, against plain JavaScript. This suite catches operations that give
 * other values than JavaScript, programs with redundant steps, and strings that are confused, forgotten too early or
 * kept.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Plan } from '../../assembly/plan';
import {
  col,
  count,
  type Expression,
  first,
  last,
  lit,
  max,
  mean,
  rolling,
  rows,
  type Spec,
  sum,
  text,
  tumbling,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { Measures, type TextMeasure } from '../../bindings/input/measures';
import { compile } from '../../bindings/plan/compile';
import { Aggregate } from '../../bindings/spec/aggregates';
import { check } from '../../bindings/spec/check';
import { DOORS, type Door, put } from '../support/doors';
import { random, refused, runs } from '../support/helpers';
import { aggregates, type Row, windowed } from '../support/scenarios';

interface Event extends Row {
  t: number;
  a: number;
  b: number;
  c: number;
}

/** An expression, and the function that it must compute. */
interface Pair {
  expression: Expression<string, number>;
  of: (event: Event) => number;
}

const NaN_ = Number.NaN;
const isMissing = Number.isNaN;
const truth = (a: number, b: number, holds: boolean) => (isMissing(a) || isMissing(b) ? NaN_ : Number(holds));
const holds = (a: number) => a !== 0 && !isMissing(a);

/** Whether Math.log is that of fdlibm, as that of the core is. */
const hasItsLog = !('window' in globalThis);

const UNARY = {
  neg: (a: number) => -a,
  abs: Math.abs,
  ...(hasItsLog ? { log: Math.log } : {}),
  sqrt: Math.sqrt,
  not: (a: number) => (isMissing(a) ? NaN_ : Number(a === 0)),
  isMissing: (a: number) => Number(isMissing(a)),
};

const BINARY = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  mod: (a: number, b: number) => a % b,
  min: Math.min as (a: number, b: number) => number,
  max: Math.max as (a: number, b: number) => number,
  eq: (a: number, b: number) => truth(a, b, a === b),
  ne: (a: number, b: number) => truth(a, b, a !== b),
  lt: (a: number, b: number) => truth(a, b, a < b),
  lte: (a: number, b: number) => truth(a, b, a <= b),
  gt: (a: number, b: number) => truth(a, b, a > b),
  gte: (a: number, b: number) => truth(a, b, a >= b),
  and: (a: number, b: number) => (a === 0 || b === 0 ? 0 : isMissing(a) || isMissing(b) ? NaN_ : 1),
  or: (a: number, b: number) => (holds(a) || holds(b) ? 1 : isMissing(a) || isMissing(b) ? NaN_ : 0),
};

const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -4, max: 4 }) },
  { weight: 2, arbitrary: fc.double() },
  { weight: 2, arbitrary: fc.double({ min: -100, max: 100 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN_, Infinity, -Infinity, -0, 0, 1, 2 ** 53, 5e-324) },
);

const { tree } = fc.letrec<{ tree: Pair; leaf: Pair }>((tie) => ({
  leaf: fc
    .constantFrom<'a' | 'b' | 'c'>('a', 'b', 'c')
    .map((name) => ({ expression: col(name), of: (e: Event) => e[name] })),
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    tie('leaf'),
    fc.tuple(fc.constantFrom(...(Object.keys(UNARY) as (keyof typeof UNARY)[])), tie('tree')).map(([op, a]) => ({
      expression: a.expression[op](),
      of: (e: Event) => (UNARY[op] as (a: number) => number)(a.of(e)),
    })),
    fc
      .tuple(fc.constantFrom(...(Object.keys(BINARY) as (keyof typeof BINARY)[])), tie('tree'), tie('tree'))
      .map(([op, a, b]) => ({
        expression: a.expression[op](b.expression),
        of: (e: Event) => BINARY[op](a.of(e), b.of(e)),
      })),
    fc
      .tuple(fc.constantFrom(...(Object.keys(BINARY) as (keyof typeof BINARY)[])), tie('tree'), value)
      .map(([op, a, b]) => ({ expression: a.expression[op](b), of: (e: Event) => BINARY[op](a.of(e), b) })),
    fc
      .tuple(
        tie('tree'),
        fc.array(
          value.filter((x) => !isMissing(x)),
          { minLength: 1, maxLength: 6 },
        ),
      )
      .map(([a, list]) => ({
        expression: a.expression.in(list),
        of: (e: Event) => (isMissing(a.of(e)) ? NaN_ : Number(list.includes(a.of(e)))),
      })),
  ),
}));

const doors = fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.constantFrom(...DOORS)), {
  minLength: 1,
  maxLength: 4,
});

/** Pushes the events in parts, whose lengths and doors follow the cuts in turn. */
function feed(stream: ReturnType<typeof windowed>, events: Row[], cuts: [number, Door][]) {
  for (let i = 0, cut = 0; i < events.length; cut++) {
    const [n, door] = cuts[cut % cuts.length] as (typeof cuts)[number];
    put(stream, events.slice(i, i + n), door);
    i += n;
  }
}

function closed(stream: ReturnType<typeof windowed>): Row[] {
  return [...stream.close()];
}

describe('every operation', () => {
  test('every operation gives the values that JavaScript gives', () => {
    fc.assert(
      fc.property(
        fc.array(tree, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(1, 1, 1, 30),
        doors,
        (trees, values, times, cuts) => {
          const events = Array.from({ length: times }, () => values)
            .flat()
            .map(([a, b, c], t) => ({ t, a, b, c }));
          const names = trees.map((_, i) => `f${i}`);
          const compared = Object.fromEntries(trees.map(({ expression }, i) => [`f${i}`, last(expression)]));
          using stream = windowed({
            time: 't',
            window: rolling(rows(1)),
            aggregates: { ...compared, a: last('a'), b: last('b'), c: last('c') },
          });
          feed(stream, events, cuts as never);
          const given = closed(stream);
          const wanted = events.map((e) => ({
            ...e,
            ...Object.fromEntries(trees.map(({ of }, i) => [names[i], of(e)])),
          }));
          expect(given).toEqual(wanted);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test.each([1, 2, 511, 512, 513, 1023, 1025, 4095, 4096, 9001])(
    'an expression over %i events writes exactly that many values',
    (n) => {
      const next = random(n);
      const events = Array.from({ length: n }, (_, t) => ({ t, a: next() - 0.5, b: next() * 4 }));
      using stream = windowed({
        time: 't',
        window: rolling(rows(1)),
        aggregates: { x: last(col('a').mul(col('b'))), y: last(col('b').lt(2)), a: last('a'), b: last('b') },
      });
      feed(stream, events, [[4096, 'columns']]);
      expect(closed(stream)).toEqual(events.map((e) => ({ ...e, x: e.a * e.b, y: Number(e.b < 2) })));
    },
  );
});

/** The values of an expression of `a` (and `b`) for each pair of values. */
function valuesOf(expression: Expression<string, number>, a: number[], b: number[] = a): ArrayLike<number> {
  using stream = windowed({ time: 't', window: rolling(rows(1)), aggregates: { x: last(expression), b: last('b') } });
  stream.pushColumns({ t: a.map((_, i) => i), a, b });
  const given = closed(stream);
  expect(given).toHaveLength(a.length);
  return given.map(({ x }) => x as number);
}

test('log gives what JavaScript gives, to the last bit if that is fdlibm’s', () => {
  const next = random(7);
  const bits = new BigUint64Array(1);
  const double = new Float64Array(bits.buffer);
  const any = Array.from({ length: 20_000 }, () => {
    bits[0] = (BigInt(Math.floor(next() * 2 ** 32)) << 32n) | BigInt(Math.floor(next() * 2 ** 32));
    return double[0] as number;
  });
  const near = Array.from({ length: 20_000 }, () => 1 + (next() - 0.5) * 2 ** -Math.floor(next() * 52));
  const powers = Array.from({ length: 2100 }, (_, i) => 2 ** (i - 1075));
  const list = [...any, ...near, ...powers, 0, -0, -1, NaN_, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 1, Math.E];
  const given = valuesOf(col('a').log(), list);
  if (hasItsLog) expect(Array.from(given)).toEqual(list.map(Math.log));
  list.forEach((x, i) => {
    const [actual, wanted] = [given[i] as number, Math.log(x)];
    const isNear = Math.abs(actual - wanted) <= 2 * Number.EPSILON * Math.abs(wanted);
    if (!isNear && !Object.is(actual, wanted)) expect({ x, log: actual }).toEqual({ x, log: wanted });
  });
});

test('mod gives what JavaScript gives, for whole numbers and others', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), (pairs) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      expect(Array.from(valuesOf(col('a').mod(col('b')), a, b))).toEqual(pairs.map(([x, y]) => x % y));
    }),
  );
  const large = [2 ** 53 - 1, -(2 ** 53 - 1), 9007199254740881, 2 ** 52 + 1];
  const pairs = large.flatMap((x) => [3, 7, -10, 94906267, 2 ** 52 - 1, 2 ** 53 - 1].map((y) => [x, y] as const));
  const given = valuesOf(
    col('a').mod(col('b')),
    pairs.map(([x]) => x),
    pairs.map(([, y]) => y),
  );
  expect(Array.from(given)).toEqual(pairs.map(([x, y]) => x % y));
});

/** The numbers of measure columns, instructions and registers that a spec compiles to. */
function sizes(spec: Partial<Spec>) {
  windowed({ window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();
  const plan = compile(
    check({ time: 't', window: tumbling(10), aggregates: {}, ...spec } as Spec, core().aggregates),
    core(),
  );
  const view = new DataView(new ArrayBuffer(plan.byteLength));
  plan.write(view, 0);
  const [measures, steps, registers] = [Plan.measureCount, Plan.programLength, Plan.registers].map((at) =>
    view.getUint32(at, true),
  );
  return { measures, steps, registers };
}

describe('the program', () => {
  const revenue = () => col('price').mul(col('qty'));

  test('a program computes a repeated expression once, even with its operands swapped', () => {
    expect(sizes({ aggregates: { a: sum(revenue()) } })).toEqual({ measures: 3, steps: 1, registers: 0 });
    const aggregates = {
      a: sum(revenue()),
      b: max(col('qty').mul(col('price'))),
      c: mean(revenue().add(1)),
      d: mean(revenue().add(1)).where(col('qty').gt(2)),
      e: count().where(lit(2).lt(col('qty'))),
    };
    // The steps are mul, add, lt, select of the mean and select of the count. The comparison alone is no measure.
    expect(sizes({ aggregates })).toEqual({ measures: 6, steps: 5, registers: 1 });
  });

  test('a program has no step for a column by itself', () => {
    expect(sizes({ aggregates: { a: sum(col('price')), b: sum('price') } })).toEqual({
      measures: 1,
      steps: 0,
      registers: 0,
    });
  });

  test('a program reuses registers', () => {
    let chain: Expression<string, number> = col('a');
    for (let i = 0; i < 50; i++) chain = chain.add(i).mul(col('b'));
    expect(sizes({ aggregates: { a: sum(chain) } })).toEqual({ measures: 3, steps: 100, registers: 1 });
  });

  test('a program grows with the distinct subexpressions, not with the length of the whole', () => {
    let doubled: Expression<string, number> = col('a');
    for (let i = 0; i < 60; i++) doubled = doubled.add(doubled);
    expect(sizes({ aggregates: { a: sum(doubled) } })).toMatchObject({ measures: 2, steps: 60 });
  });

  test('aggregates of one expression share their states', () => {
    using stream = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { s: sum(revenue()), m: mean(revenue()), n: count(revenue()) },
    });
    put(
      stream,
      [
        { t: 1, price: 2, qty: 3 },
        { t: 2, price: NaN_, qty: 3 },
        { t: 3, price: 1, qty: 1 },
      ],
      'rows',
    );
    expect(closed(stream)).toEqual([{ start: 0, end: 10, s: 7, m: 3.5, n: 2 }]);
  });
});

describe('where of an aggregate', () => {
  const condition = () => col('v').mod(3).ne(0).and(col('w').gt(0));
  const isOne = ({ v, w }: Row) => (v as number) % 3 !== 0 && (w as number) > 0 && !isMissing(v as number);
  const next = random(3);
  const events = Array.from({ length: 3000 }, (_, t) => ({
    t,
    k: Math.floor(next() * 5),
    v: next() < 0.1 ? NaN_ : Math.floor(next() * 20) - 10,
    w: next() < 0.1 ? NaN_ : next() - 0.4,
  }));

  test('an aggregate with where is that of the events for which it is true', () => {
    const kinds = Object.entries(aggregates).filter(([kind]) => kind !== 'events');
    const spec = { time: 't', key: 'k', window: tumbling(500) };
    using given = windowed({
      ...spec,
      aggregates: Object.fromEntries(kinds.map(([kind, one]) => [kind, one.where(condition())])),
    });
    feed(given, events, [
      [300, 'columns'],
      [1000, 'rows'],
    ]);
    using wanted = windowed({ ...spec, aggregates: Object.fromEntries(kinds) });
    feed(
      wanted,
      events.map((e) => ({ ...e, v: isOne(e) ? e.v : NaN_ })),
      [[3000, 'columns']],
    );
    expect(closed(given)).toEqual(closed(wanted));
  });

  test('where counts events, combines with and, and applies to every field of a record', () => {
    using stream = windowed({
      time: 't',
      window: tumbling(5000),
      aggregates: {
        all: count(),
        n: count().where(condition()),
        both: count().where(col('v').mod(3).ne(0)).where(col('w').gt(0)),
        record: new Aggregate('record', [], [], undefined, {
          n: count(),
          s: sum('v'),
          few: count().where(col('v').gt(5)),
        }).where(condition()),
      },
    });
    feed(stream, events, [[1000, 'columns']]);
    const some = events.filter(isOne);
    const n = some.length;
    const record = { n, s: some.reduce((s, { v }) => s + v, 0), few: some.filter(({ v }) => v > 5).length };
    expect(closed(stream)).toEqual([{ start: 0, end: 5000, all: 3000, n, both: n, record }]);
  });

  test('an aggregate whose where is never true gives 0 for counts and else NaN', () => {
    const never = col('v').gt(100);
    using stream = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { n: count().where(never), s: sum('v').where(never) },
    });
    stream.push({ t: 1, v: 1 });
    expect(stream.query()).toEqual({ start: 0, end: 10, n: 0, s: NaN_ });
    expect(closed(stream)).toEqual([{ start: 0, end: 10, n: 0, s: NaN_ }]);
  });
});

describe('where of a stream', () => {
  test('a stream takes only the events for which where is true, and the others move the watermark', () => {
    const late: Row[] = [];
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { n: count() },
      where: col('v').gt(0),
      onLate: (batch: Iterable<Row>) => late.push(...batch),
    });
    stream.pushRows([
      { t: 1, k: 'a', v: 1 },
      { t: 2, k: 'b', v: -1 },
      { t: 30, k: 'c', v: NaN_ },
      { t: 3, k: 'a', v: 1 },
      { t: 4, k: 'a', v: 0 },
    ]);
    expect([...stream.take()]).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
    expect(late).toEqual([{ t: 3, k: 'a', v: 1 }]);
    expect(stream.stats()).toMatchObject({ events: 5, filtered: 3, late: 1, watermark: 30, liveKeys: 0 });
  });

  test('a filtered event at the end of a batch moves the watermark, but not beyond maxFutureSkew', () => {
    using stream = windowed({
      time: 't',
      window: { a: tumbling(10), b: rolling(rows(2)) },
      aggregates: { n: count() },
      where: col('v').eq(1),
      maxFutureSkew: 20,
    });
    stream.pushColumns({ t: [1, 15], v: [1, 0] });
    expect(stream.stats()).toMatchObject({ watermark: 15, filtered: 1, future: 0 });
    // 45 is far ahead of 15, but not of the filtered event at 30.
    stream.pushColumns({ t: [30, 45, 99, 98], v: [0, 1, 0, 1] });
    expect(stream.stats()).toMatchObject({ watermark: 45, filtered: 3, future: 1 });
  });

  test('the event after a filtered first one may be too far in the future', () => {
    const spec = {
      time: 't',
      window: tumbling(rows(1)),
      aggregates: { n: count() },
      where: col('v').eq(1),
      maxFutureSkew: 9,
    };
    using stream = windowed(spec);
    stream.pushColumns({ t: [0, 11], v: [0, 1] });
    expect(stream.stats()).toMatchObject({ filtered: 1, future: 1, watermark: 0 });
  });

  test('stats().filtered is 0 without a where', () => {
    using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
    expect(stream.stats().filtered).toBe(0);
  });
});

describe('strings', () => {
  const spec = {
    time: 't',
    key: 'k',
    window: tumbling(10),
    aggregates: {
      first: first(text('path')),
      last: last('path'),
      n: count('path'),
      logins: count().where(col('path').eq('/login')),
      others: count().where(col('path').in(['/login', '/logout']).not()),
      unsaid: count().where(text('path').isMissing()),
    },
  };
  const events = [
    { t: 1, k: 'a', path: '/login' },
    { t: 2, k: 'a', path: null },
    { t: 3, k: 'a', path: '/x' },
    { t: 4, k: 'b', path: undefined },
    { t: 5, k: 'a', path: '/logout' },
  ];
  const wanted = [
    { start: 0, end: 10, k: 'a', first: '/login', last: '/logout', n: 3, logins: 1, others: 1, unsaid: 1 },
    { start: 0, end: 10, k: 'b', first: null, last: null, n: 0, logins: 0, others: 0, unsaid: 1 },
  ];

  test.each(['push', 'rows', 'columns'] as const)('strings are returned, counted and compared: %s', (door) => {
    using stream = windowed(spec);
    put(stream, events, door);
    expect(stream.query('a')).toEqual({ ...wanted[0], k: undefined });
    expect(closed(stream)).toEqual(wanted);
  });

  test('a claim holds strings as the ids that keyId returns', () => {
    using stream = windowed(spec);
    const views = stream.claim(events.length);
    events.forEach(({ t, k, path }, i) => {
      (views.t as Float64Array)[i] = t;
      (views.k as Float64Array)[i] = stream.keyId(k, 'k');
      (views.path as Float64Array)[i] = path ? stream.keyId(path, 'path') : NaN_;
    });
    stream.commit(events.length);
    expect(closed(stream)).toEqual(wanted);
    using other = windowed(spec);
    const [at] = [other.claim(1)];
    (at.path as Float64Array)[0] = 99;
    (at.k as Float64Array)[0] = other.keyId('a', 'k');
    refused('ERR_ORIEL_COLUMN', () => other.commit(1), '"path"', 'keyId');
    refused('ERR_ORIEL_COLUMN', () => other.keyId('a', 'nope'), '"path"');
  });

  test('the first value of a column decides between strings and numbers, and the other kind is refused', () => {
    const aggregates = { v: last('v'), n: count('v') };
    using stream = windowed({ time: 't', window: tumbling(10), aggregates });
    stream.pushRows([
      { t: 1, v: null },
      { t: 1, v: 'x' },
    ]);
    refused('ERR_ORIEL_COLUMN', () => stream.push({ t: 2, v: 3 }), '"v"', 'a string, as the values before', '3');
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [2, 3], v: ['y', 4] }), '"v"', 'index 1');
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [2], v: new Float64Array(1) }), '"v"', 'index 0');
    expect(closed(stream)).toEqual([{ start: 0, end: 10, v: 'x', n: 1 }]);
    using numbers = windowed({ time: 't', window: tumbling(10), aggregates });
    refused(
      'ERR_ORIEL_COLUMN',
      () =>
        numbers.pushRows([
          { t: 1, v: 1 },
          { t: 2, v: 'x' },
        ]),
      '"v"',
      'a number',
    );
    refused('ERR_ORIEL_TIME', () => numbers.pushColumns({ t: [1, NaN_], v: ['x', 'x'] }));
    numbers.pushColumns({ t: [1], v: new Int8Array([7]) });
    expect(closed(numbers)).toEqual([{ start: 0, end: 10, v: 7, n: 1 }]);
  });

  test('strings are refused as numbers, and numbers as strings', () => {
    using sums = windowed({ time: 't', window: tumbling(10), aggregates: { s: sum('v') } });
    refused('ERR_ORIEL_COLUMN', () => sums.push({ t: 1, v: 'x' }), '"v"', 'a number or nothing');
    using texts = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, where: col('v').eq('x') });
    refused('ERR_ORIEL_COLUMN', () => texts.push({ t: 1, v: 5 }), '"v"', 'a string, or nothing');
    refused('ERR_ORIEL_COLUMN', () => texts.pushColumns({ t: [1], v: new Float64Array([5]) }), '"v"');
    texts.pushColumns({ t: [1, 2], v: ['x', 'y'] });
    expect(closed(texts)).toEqual([{ start: 0, end: 10, n: 1 }]);
  });

  test('a string column may be key and measure at once, and onLate gets its strings', () => {
    const late: Row[] = [];
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { k0: first(text('k')), n: count(text('k')), p: count(text('p')) },
      where: col('k').ne('z'),
      onLate: (batch: Iterable<Row>) => late.push(...batch),
    });
    for (const door of ['push', 'rows', 'columns'] as const) {
      put(
        stream,
        [
          { t: 1, k: 'a', p: 'P' },
          { t: 2, k: 'z', p: 'Q' },
          { t: 3, k: 'b', p: null },
        ],
        door,
      );
    }
    const views = stream.claim(2);
    for (const [i, k] of ['a', 'z'].entries()) {
      (views.t as Float64Array)[i] = 3;
      (views.k as Float64Array)[i] = stream.keyId(k, 'k');
      (views.p as Float64Array)[i] = stream.keyId('R', 'p');
    }
    stream.commit(2);
    stream.push({ t: 20, k: 'c', p: 'S' });
    stream.push({ t: 1, k: 'late', p: 'T' });
    stream.push({ t: 1, k: 'late', p: null });
    expect([...stream.take()]).toEqual([
      { start: 0, end: 10, k: 'a', k0: 'a', n: 4, p: 4 },
      { start: 0, end: 10, k: 'b', k0: 'b', n: 3, p: 0 },
    ]);
    expect(late).toEqual([
      { t: 1, k: 'late', p: 'T' },
      { t: 1, k: 'late', p: null },
    ]);
  });
});

describe('numbers of strings', () => {
  const condition = col('a').in(['x', 'y']);

  test('strings that are only compared with literals get the index of the literal, all others one number', () => {
    const measures = new Measures();
    measures.addExpression(condition);
    measures.settle(false, 1);
    const [{ column, form }] = measures.texts as [TextMeasure];
    expect(form).toBe('known');
    expect(['x', 'y', 'z', 'w', null].map((value) => column.numberOf(value, form))).toEqual([0, 1, 2, 2, NaN_]);
    expect(column.strings.size).toBe(2);
  });

  test('strings that are only told apart become hashes and are not remembered', () => {
    const measures = new Measures();
    measures.addColumn('a', 'hashed', 'distinct');
    measures.addColumn('a', 'present', 'count');
    measures.settle(false, 1);
    const [{ column, form }] = measures.texts as [TextMeasure];
    expect([measures.texts.length, form]).toEqual([1, 'hashed']);
    const many = new Set(Array.from({ length: 200_000 }, (_, i) => column.numberOf(`user${i}`, form)));
    expect(many.size).toBe(200_000);
    // 200,000 calls of expect would take seconds.
    for (const hash of many) if (!Number.isSafeInteger(hash) || hash < 0) throw new Error(`${hash}`);
    expect(column.strings.size).toBe(0);
  });

  test('strings that are returned become hashes, remembered until no window has them', () => {
    const measures = new Measures();
    measures.addExpression(condition);
    measures.addColumn('a', 'kept', 'first');
    measures.addColumn('a', 'hashed', 'distinct');
    measures.settle(false, 1);
    expect(measures.texts.map(({ form }) => form)).toEqual(['kept']);
    const [{ column, form }] = measures.texts as [TextMeasure];
    column.kind = 'string';
    const numbers = Array.from({ length: 1500 }, (_, i) => column.numberOf(`s${i}`, form));
    expect(column.numberOf('x', form)).toBe(measures.literal('a', 'x'));
    expect(column.read(numbers[700] as number)).toBe('s700');
    const sweep = (held: readonly (number | undefined)[]) =>
      measures.sweep(false, true, (strings) => {
        const isHeld = (number: number) => held.includes(number);
        strings.keep(
          strings.allNumbers().map((number) => (isHeld(number) ? number : Number.NaN)),
          0,
        );
      });
    const held = numbers.slice(0, 700);
    expect(sweep(held)).toBe(true);
    // 700 that are held, and the literals of the spec.
    expect(column.strings.size).toBe(702);
    expect([3, 699, 700].map((n) => column.strings.stringOf(numbers[n] as number))).toEqual(['s3', 's699', undefined]);
    expect(column.numberOf('s700', form)).toBe(numbers[700]);
    // The next sweep waits until there are twice as many.
    expect(sweep(held)).toBe(false);
    for (let i = 0; i < 702; i++) column.numberOf(`t${i}`, form);
    expect(sweep(held)).toBe(true);
    expect(column.strings.size).toBe(702);
  });

  test('strings of late events are not forgotten before onLate gets them', () => {
    const late: Row[] = [];
    const onLate = (batch: Iterable<Row>) => late.push(...batch);
    using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count('a') }, onLate });
    stream.push({ t: 100, a: 'first' });
    for (let i = 0; i < 900; i++) stream.push({ t: 100, a: `s${i}` });
    const a = Array.from({ length: 300 }, (_, i) => `late${i}`);
    stream.pushColumns({ t: a.map(() => 1), a });
    expect(late.map((event) => event.a)).toEqual(a);
  });

  test('strings that only onLate returns are forgotten without asking the stores', () => {
    const measures = new Measures();
    measures.addExpression(condition);
    measures.settle(true, 1);
    const [{ column, form }] = measures.texts as [TextMeasure];
    expect(form).toBe('kept');
    for (let i = 0; i < 1500; i++) column.numberOf(`s${i}`, form);
    expect(measures.sweep(false, true, () => expect.unreachable())).toBe(true);
    // The literals of the spec stay.
    expect(column.strings.size).toBe(2);
  });
});

describe('refusals', () => {
  const SPEC = 'ERR_ORIEL_SPEC';
  const any = col('a') as unknown as Record<string, (given?: unknown) => unknown>;

  test.each(Object.keys(BINARY))('%s refuses what is neither a number nor an expression', (op) => {
    refused(SPEC, () => any[op]?.(null), op, 'a number or an expression', 'null');
    refused(SPEC, () => any[op]?.((row: Row) => row.a), op, 'a function');
    if (op !== 'eq' && op !== 'ne') refused(SPEC, () => any[op]?.('b'), op, 'col("b")');
    refused(SPEC, () => any[op]?.(text('b')), op);
  });

  test('in refuses what is no list, an empty list and a mixed one', () => {
    refused(SPEC, () => any.in?.(3), 'in', 'a list', '3');
    refused(SPEC, () => any.in?.([]), 'in');
    refused(SPEC, () => any.in?.([1, 'x']), 'in', '"x"');
    refused(SPEC, () => any.in?.([NaN_]), 'in', 'isMissing()');
  });

  test('invalid names are refused, and strings compared with computed values', () => {
    refused(SPEC, () => col('' as never), 'col', 'the name of a column');
    refused(SPEC, () => text(3 as never), 'text');
    refused(SPEC, () => lit('3' as never), 'lit', '"3"');
    refused(SPEC, () => (col('a').add(1) as never as typeof any).eq?.('x'), 'eq', 'only a column by itself', '"x"');
    refused(SPEC, () => (text('a') as never as typeof any).add?.(1), 'add', 'strings');
    refused(SPEC, () => sum(text('a') as never), 'sum', 'no use for strings');
  });

  test('functions are refused with a message that says what to write instead', () => {
    refused(SPEC, () => sum(((row: Row) => row.a) as never), 'sum', "col('a')", 'a function');
    refused(SPEC, () => count().where((() => true) as never), 'where', 'col(', 'whole columns');
    const spec = { time: 't', window: tumbling(1), aggregates: { n: count() } };
    refused(SPEC, () => windowed({ ...spec, where: () => true }), 'where', 'col(', 'a function');
    refused(SPEC, () => windowed({ ...spec, where: 'v' }), 'where', '"v"');
  });

  test('a column that would have to hold both strings and numbers is refused', () => {
    const aggregates = { s: sum('v'), n: count().where(col('v').eq('x')) };
    refused(SPEC, () => windowed({ time: 't', window: tumbling(1), aggregates }), '"v"', 'aggregates.s', 'eq');
  });

  test('an expression is frozen', () => {
    const one = col('a').add(1);
    expect(Object.isFrozen(one) && Object.isFrozen(one.operands)).toBe(true);
  });
});

/** Catches windows, conditions and aggregates of the command line that differ from those of the same calls. */

import * as oriel from 'oriel';
import { calendar, col, lit, rows, text } from 'oriel';
import { expect, test } from 'vitest';
import { Uses } from '../../../bindings/cli/language/expressions';
import { readAggregates, readCondition, readWindow } from '../../../bindings/cli/language/vocabulary';

const window = (given: string) => readWindow(given, new Uses());
const where = (given: string) => readCondition(given, new Uses());
const aggregate = (given: string) => readAggregates([`a = ${given}`], new Uses()).a;

/** The plain data of a value, without functions. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test.each([
  ['1m', oriel.tumbling('1m')],
  ['1.5h', oriel.tumbling('1.5h')],
  ['250', oriel.tumbling(250)],
  ['1m/10s', oriel.hopping('1m', '10s')],
  ['1m / 10s', oriel.hopping('1m', '10s')],
  ['100/10', oriel.hopping(100, 10)],
  ['tumbling(1d, offset = -8h)', oriel.tumbling('1d', { offset: '-8h' })],
  ["tumbling('1d', { offset: '-8h' })", oriel.tumbling('1d', { offset: '-8h' })],
  ['tumbling(rows(100))', oriel.tumbling(rows(100))],
  ['hopping(rows(100), rows(10))', oriel.hopping(rows(100), rows(10))],
  ['cumulative(1d, 1h)', oriel.cumulative('1d', '1h')],
  ["tumbling(calendar(1, month, 'Europe/Berlin'))", oriel.tumbling(calendar(1, 'month', 'Europe/Berlin'))],
  ["tumbling(calendar(1, 'week', 'UTC', weekStart = 7))", oriel.tumbling(calendar(1, 'week', 'UTC', { weekStart: 7 }))],
  ['session(5m)', oriel.session('5m')],
  ['session(30m, max = rows(1000), touching = split)', oriel.session('30m', { max: rows(1000), touching: 'split' })],
  ['session(patience)', oriel.session('patience')],
  ['rolling(1m, closed = left)', oriel.rolling('1m', { closed: 'left' })],
  ['rolling(rows(100))', oriel.rolling(rows(100))],
  ['everything()', oriel.everything()],
])('--window %s is the same window', (given, expected) => {
  expect(plain(window(given))).toEqual(plain(expected));
});

test('several windows have names', () => {
  expect(plain(window('fast = 10s, slow = 1h/1m, "all of it" = everything()'))).toEqual(
    plain({ fast: oriel.tumbling('10s'), slow: oriel.hopping('1h', '1m'), 'all of it': oriel.everything() }),
  );
});

const status = col('status');
test.each([
  ['status >= 500', status.gte(500)],
  ['status >= 500 && path != "/health"', status.gte(500).and(col('path').ne('/health'))],
  ["status >= 500 and path !== '/health'", status.gte(500).and(col('path').ne('/health'))],
  ['"/health" == path', col('path').eq('/health')],
  ['500 == status', status.eq(500)],
  ['500 <= status', lit(500).lte(status)],
  ['a == b', col('a').eq(col('b'))],
  [
    'a < 1 || b > 2 && c <= 3',
    col('a')
      .lt(1)
      .or(col('b').gt(2).and(col('c').lte(3))),
  ],
  [
    'a < 1 or b > 2 and c <= 3',
    col('a')
      .lt(1)
      .or(col('b').gt(2).and(col('c').lte(3))),
  ],
  ['!(a < 1)', col('a').lt(1).not()],
  ['not(a < 1)', col('a').lt(1).not()],
  ['status in [500, 503]', status.in([500, 503])],
  ['path in ["/", "/a"]', col('path').in(['/', '/a'])],
  ['path == null', col('path').isMissing()],
  ['path != null', col('path').isMissing().not()],
  ['isMissing(path)', col('path').isMissing()],
  ['path.isMissing()', col('path').isMissing()],
  ['text("path").isMissing()', text('path').isMissing()],
  ['status.gte(500).and(path.eq("/"))', status.gte(500).and(col('path').eq('/'))],
  ['ok', col('ok')],
  ['ok == true', col('ok').eq(1)],
  ['user.id > 2', col('user.id').gt(2)],
  ["col('two words') > 2", col('two words').gt(2)],
  ['(a + 2) * b / -3 % 4 - 5 > 0', col('a').add(2).mul(col('b')).div(-3).mod(4).sub(5).gt(0)],
  [
    '2 - a > 60 * 1000 - 2 / 4',
    lit(2)
      .sub(col('a'))
      .gt(60_000 - 0.5),
  ],
  ['abs(-a) > sqrt(log(b))', col('a').neg().abs().gt(col('b').log().sqrt())],
  [
    'min(a, 1, b) > max(2, c)',
    col('a')
      .min(1)
      .min(col('b'))
      .gt(lit(2).max(col('c'))),
  ],
])('--where %s is the same condition', (given, expected) => {
  expect(plain(where(given))).toEqual(plain(expected));
});

test.each([
  ['count()', oriel.count()],
  ['count(a)', oriel.count('a')],
  ['sum(price * qty)', oriel.sum(col('price').mul(col('qty')))],
  ['sum(max(a, 0))', oriel.sum(col('a').max(0))],
  ['sum(col("a"))', oriel.sum('a')],
  ["sum('a')", oriel.sum('a')],
  ['sum(1)', oriel.sum(lit(1))],
  ['mean(ms).where(status < 500)', oriel.mean('ms').where(status.lt(500))],
  ['count().where(a > 1).where(b == "x")', oriel.count().where(col('a').gt(1)).where(col('b').eq('x'))],
  ['quantile(ms, 0.99)', oriel.quantile('ms', 0.99)],
  ['quantile(ms, 0.99, accuracy = 0.001)', oriel.quantile('ms', 0.99, { accuracy: 0.001 })],
  ['quantile(ms, 0.99, { exact: true })', oriel.quantile('ms', 0.99, { exact: true })],
  ['distinct(user, precision = 14)', oriel.distinct('user', { precision: 14 })],
  ['distinct(user, seed = 7)', oriel.distinct('user', { seed: 7 })],
  ['distinct(text("user"))', oriel.distinct(text('user'))],
  ['topK(path, 3)', oriel.topK('path', 3)],
  ['histogram(ms, [1, 10, 100])', oriel.histogram('ms', [1, 10, 100])],
  ['histogram(ms, [-1, 0])', oriel.histogram('ms', [-1, 0])],
  ['collect(path, limit = 10)', oriel.collect('path', { limit: 10 })],
  ['rate(odometer, per = 1h)', oriel.rate('odometer', { per: '1h' })],
  ['increase(requests, within = 5m)', oriel.increase('requests', { within: '5m' })],
  ['ewma(load, 5m)', oriel.ewma('load', '5m')],
  ['argmin(price, shop)', oriel.argmin('price', 'shop')],
  ['argmax(price / 2, text("shop"))', oriel.argmax(col('price').div(2), text('shop'))],
  ['regression(y, x)', oriel.regression('y', 'x')],
  ['weightedMean(v, w)', oriel.weightedMean('v', 'w')],
  ['ohlc(price)', oriel.ohlc('price')],
])('--agg %s is the same aggregate', (given, expected) => {
  expect(plain(aggregate(given))).toEqual(plain(expected));
});

test('every aggregate but fold, which takes functions, can be written', () => {
  const others = ['windowed', 'windowedWorker', 'producer', 'ring'];
  const isAggregate = (value: unknown) => value instanceof (oriel.count().constructor as never);
  const attempts = [['v'], ['v', 'w'], ['v', 0.5], ['v', 2], ['v', [1]], ['v', { limit: 1 }]];
  const kinds = Object.entries(oriel).flatMap(([name, make]) => {
    const makes = (given: unknown[]) => {
      try {
        return isAggregate((make as (...given: unknown[]) => unknown)(...given));
      } catch {
        return false;
      }
    };
    return !others.includes(name) && typeof make === 'function' && attempts.some(makes) ? [name] : [];
  });
  expect(kinds.length).toBeGreaterThan(30);
  for (const kind of kinds) {
    const written = ['v', 'v, w', 'v, 0.5', 'v, 2', 'v, [1]', 'v, limit = 1'].some((given) => {
      try {
        return isAggregate(aggregate(`${kind}(${given})`));
      } catch {
        return false;
      }
    });
    expect({ kind, written }).toEqual({ kind, written: true });
  }
});

test('an aggregate has a name or the name of its function', () => {
  const aggregates = readAggregates(
    ['visits = count(), sum(bytes)', '"p 99" = quantile(ms, 0.99), mean(ms).where(a > 1)'],
    new Uses(),
  );
  expect(Object.keys(aggregates)).toEqual(['visits', 'sum', 'p 99', 'mean']);
});

test('the uses of columns are known', () => {
  const uses = new Uses();
  readWindow('session(gap)', uses);
  readAggregates(['a = sum(x * y), b = first(path), c = distinct(user), d = argmax(z, shop), e = first(+size)'], uses);
  readCondition('path != "/" && host == null && user > 3', uses);
  expect(Object.fromEntries(uses)).toEqual({
    gap: 'number',
    x: 'number',
    y: 'number',
    path: 'text',
    user: 'number',
    z: 'number',
    shop: 'any',
    size: 'number',
    host: 'any',
  });
});

test.each([
  [() => window('5x'), 'expected a duration such as 250ms, 10s, 5m, 1h, 1d or 1w, got 5x\n  5x\n  ^'],
  [() => window('weekly'), 'expected a length such as 1m'],
  [() => window('1m, 5m'), 'expected a name of its own for each of several'],
  [() => window('punctuated(a)'), 'got punctuated(a)'],
  [() => window('tumbling(1m, every = 5s)'), 'tumbling: no option "every"; there are offset'],
  [() => window('tumbling(1m, 5s)'), 'tumbling: expected one argument; got 5s'],
  [() => window('hopping(1m)'), '--window: hopping: every: expected'],
  [() => window('constructor(1m)'), 'got constructor(1m)'],
  [() => where('a >'), 'after >\n  a >\n     ^'],
  [() => where('a = 1'), 'expected a == 1; got (a = 1)'],
  [() => where('a b'), 'expected a single condition; got b'],
  [() => where('a ** 2'), 'got (a ** 2)'],
  [() => where('a + "b"'), 'got "b"'],
  [() => where('a.constructor("b")'), 'constructor: expected one of abs'],
  [() => where('abs(a, b)'), 'abs: expected one operand'],
  [() => where('a in []'), 'in: expected a list'],
  [() => where('text("a") > 5'), 'strings know eq, ne, in'],
  [() => where(''), 'expected an expression, got nothing'],
  [() => aggregate('a'), 'aggregates: expected one of count'],
  [() => aggregate('fold(a)'), 'got fold(a)'],
  [() => aggregate('toString()'), 'got toString()'],
  [() => aggregate('sum()'), '--agg: sum: expected the name of a column'],
  [() => aggregate('sum(a, b)'), 'sum: expected one argument; got b'],
  [() => aggregate('sum(a, exact = true)'), 'sum: no option "exact"; there are none'],
  [() => aggregate('quantile(a, 2)'), 'quantile: q: expected a number from 0 to 1, got 2'],
  [() => aggregate('sum(a).where()'), 'where: expected one condition'],
  [() => readAggregates(['sum(a), sum(b)'], new Uses()), 'two aggregates are called sum'],
])('a wrong expression is refused: %s', (read, message) => {
  expect(read).toThrow(message);
});

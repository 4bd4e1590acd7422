/**
 * Strings, expressions and conditions together with queries, claims and late events. This suite catches features that
 * work alone and not in combination.
 */

import { expect, test } from 'vitest';
import {
  argmax,
  col,
  collect,
  count,
  distinct,
  first,
  hopping,
  last,
  rolling,
  rows,
  session,
  sum,
  text,
  topK,
  tumbling,
  windowed,
} from '../../bindings';

const PAGES = {
  n: count(),
  first: first(text('page')),
  last: last(text('page')),
  best: argmax('v', text('page')),
  top: topK(text('page'), 1),
  all: collect(text('page'), { limit: 3 }),
  d: distinct(text('page')),
  home: count().where(text('page').eq('/')),
};

//   page (v)   /a (1)   / (3)   /b (2)      all of key x, none of key y
test.each([
  ['tumbling', tumbling(100)],
  ['hopping', hopping(100, 50)],
  ['session', session(50)],
  ['rolling', rolling(100)],
  ['rows', tumbling(rows(10))],
])('a query of %s windows gives strings, and null for a key that never came', (_, window) => {
  using stream = windowed({ time: 't', key: 'k', window, aggregates: PAGES });
  stream.pushRows([
    { t: 51, k: 'x', v: 1, page: '/a' },
    { t: 52, k: 'x', v: 3, page: '/' },
    { t: 53, k: 'x', v: 2, page: '/b' },
  ]);
  const wanted = { n: 3, first: '/a', last: '/b', best: '/', all: ['/a', '/', '/b'], d: 3, home: 1 };
  for (let i = 0; i < 2; i++) expect(stream.query('x')).toMatchObject(wanted);
  expect(stream.query('x').top[0]).toMatchObject({ count: 1, error: 0 });
  const none = { n: 0, first: null, last: null, best: null, top: [], all: [], d: 0, home: 0 };
  expect(stream.query('y')).toMatchObject(none);
});

//   a claim has the columns of the expressions, with strings as their ids
test('expressions and conditions give the same for claimed events as for pushed ones', () => {
  const spec = {
    time: 't',
    window: tumbling(10),
    where: col('qty').gt(0),
    aggregates: {
      revenue: sum(col('price').mul(col('qty'))),
      large: count().where(col('price').gt(10)),
      item: last(text('item')),
      tea: sum('qty').where(text('item').eq('tea')),
    },
  } as const;
  const events = [
    { t: 1, price: 5, qty: 2, item: 'tea' },
    { t: 2, price: 20, qty: 0, item: 'cup' },
    { t: 3, price: 30, qty: 1, item: 'pot' },
    { t: 12, price: 4, qty: 3, item: 'tea' },
  ];
  using claimed = windowed(spec);
  const views = claimed.claim(events.length);
  events.forEach(({ t, price, qty, item }, i) => {
    views.t[i] = t;
    views.price[i] = price;
    views.qty[i] = qty;
    views.item[i] = claimed.keyId(item, 'item');
  });
  claimed.commit(events.length);
  using pushed = windowed(spec);
  pushed.pushRows(events);
  const given = claimed.close().toArray();
  expect(given).toEqual(pushed.close().toArray());
  expect(given).toEqual([
    { start: 0, end: 10, revenue: 40, large: 1, item: 'pot', tea: 2 },
    { start: 10, end: 20, revenue: 12, large: 0, item: 'tea', tea: 3 },
  ]);
  expect(claimed.stats()).toMatchObject({ events: 4, filtered: 1 });
});

test('onLate gets late events with their strings, whichever method pushed them', () => {
  const late: unknown[] = [];
  const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: PAGES } as const;
  using stream = windowed({ ...spec, onLate: (batch) => late.push(...batch) });
  stream.push({ t: 100, k: 'x', v: 0, page: '/now' });
  stream.push({ t: 1, k: 'x', v: 1, page: '/one' });
  stream.pushRows([{ t: 2, k: 'y', v: 2, page: '/two' }]);
  stream.pushColumns({ t: [3, 4], k: ['x', 'z'], v: [3, 4], page: ['/three', null] });
  stream.close();
  expect(late).toEqual([
    { t: 1, k: 'x', v: 1, page: '/one' },
    { t: 2, k: 'y', v: 2, page: '/two' },
    { t: 3, k: 'x', v: 3, page: '/three' },
    { t: 4, k: 'z', v: 4, page: null },
  ]);
  expect(stream.stats()).toMatchObject({ events: 5, late: 4 });
});

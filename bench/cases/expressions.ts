/** Expressions and filters in the core, compared with loops that run before the push or replace the stream. */

import { col, count, hopping, max, type Spec, sum, tumbling, windowed } from 'oriel';
import { type Cell, type Contender, inBatches, pushed, take } from '../contest';
import { randomValues, steadyTimes } from '../data';

const EVENTS = 10_000_000;
const SIZE = 1000;

interface Columns {
  at: Float64Array;
  price: Float64Array;
  qty: Float64Array;
  off: Float64Array;
}

const columnsOf = (): Columns => ({
  at: steadyTimes(EVENTS),
  price: randomValues(EVENTS, 1),
  qty: randomValues(EVENTS, 2),
  off: randomValues(EVENTS, 3),
});

const revenue = col('price').mul(col('qty')).mul(col('off').div(1000).neg().add(1));
const plain: Omit<Spec, 'aggregates'> = { time: 'at', window: tumbling(SIZE) };

/** One pass over the arrays, written for this expression and window only. */
function revenueLoop({ at, price, qty, off }: Columns, from: number, to: number, s: Open, out: object[]): void {
  for (let i = from; i < to; i++) {
    const t = at[i] as number;
    if (t >= s.end) {
      if (s.n) out.push({ start: s.end - SIZE, end: s.end, total: s.total, most: s.most });
      Object.assign(s, { end: (Math.floor(t / SIZE) + 1) * SIZE, n: 0, total: 0, most: Number.NEGATIVE_INFINITY });
    }
    const value = (price[i] as number) * (qty[i] as number) * (1 - (off[i] as number) / 1000);
    if (Number.isNaN(value)) continue;
    s.n++;
    s.total += value;
    if (value > s.most) s.most = value;
  }
}

interface Open {
  end: number;
  n: number;
  total: number;
  most: number;
}

const open = (): Open => ({ end: 0, n: 0, total: 0, most: Number.NEGATIVE_INFINITY });

function computed(columns: Columns): Contender[] {
  const spec: Spec = { ...plain, aggregates: { total: sum(revenue), most: max(revenue) } };
  const other: Spec = { ...plain, aggregates: { total: sum('value'), most: max('value') } };
  return [
    { name: 'oriel, expression', side: 'oriel', events: EVENTS, run: pushed(spec, { ...columns }) },
    {
      name: 'oriel, computed in a loop and pushed',
      side: 'other',
      events: EVENTS,
      run: (events, sink) => {
        const stream = windowed(other);
        const { at, price, qty, off } = columns;
        const value = new Float64Array(4096);
        inBatches(events, sink, (from, to) => {
          computeLoop(price, qty, off, value, from, to);
          stream.pushColumns({ at: at.subarray(from, to), value: value.subarray(0, to - from) } as never);
          take(stream, sink);
        });
        sink.take(...taken(stream.close()));
        stream[Symbol.dispose]();
      },
    },
    {
      name: 'a loop for this alone, plain sum',
      side: 'tuned',
      events: EVENTS,
      run: (events, sink) => {
        const s = open();
        inBatches(events, sink, (from, to) => {
          const out: object[] = [];
          revenueLoop(columns, from, to, s, out);
          sink.takeRows(out);
        });
        sink.takeRows([{ start: s.end - SIZE, end: s.end, total: s.total, most: s.most }]);
      },
    },
  ];
}

function computeLoop(
  price: Float64Array,
  qty: Float64Array,
  off: Float64Array,
  value: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    value[i - from] = (price[i] as number) * (qty[i] as number) * (1 - (off[i] as number) / 1000);
  }
}

const taken = (batch: { length: number; columns: object }) => [batch.length, batch.columns] as [number, never];

/** Keeps a share of the events, by a condition in the core or by a loop that copies them. */
function filtered(columns: Columns, share: number, window: Spec['window']): Contender[] {
  const limit = 1000 * share;
  const aggregates = { n: count(), most: max('price') };
  const where = col('off').lt(limit).and(col('qty').gte(0));
  const { at, price, qty, off } = columns;
  return [
    {
      name: 'oriel, where',
      side: 'oriel',
      events: EVENTS,
      run: pushed({ time: 'at', window, aggregates, where }, { at, price, qty, off }),
    },
    {
      name: 'oriel, count and max each with where',
      side: 'oriel',
      events: EVENTS,
      run: pushed(
        { time: 'at', window, aggregates: { n: count().where(where), most: max('price').where(where) } },
        { at, price, qty, off },
      ),
    },
    {
      name: 'oriel, filtered in a loop and pushed',
      side: 'other',
      events: EVENTS,
      run: (events, sink) => {
        const stream = windowed({ time: 'at', window, aggregates } as Spec);
        const [some, values] = [new Float64Array(4096), new Float64Array(4096)];
        inBatches(events, sink, (from, to) => {
          const n = filterLoop(columns, some, values, limit, from, to);
          stream.pushColumns({ at: some.subarray(0, n), price: values.subarray(0, n) } as never);
          take(stream, sink);
        });
        sink.take(...taken(stream.close()));
        stream[Symbol.dispose]();
      },
    },
    {
      name: 'oriel, all events',
      side: 'other',
      silent: true,
      events: EVENTS,
      run: pushed({ time: 'at', window, aggregates }, { at, price }),
    },
  ];
}

function filterLoop(
  { at, price, qty, off }: Columns,
  times: Float64Array,
  values: Float64Array,
  limit: number,
  from: number,
  to: number,
): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    if (!((off[i] as number) < limit && (qty[i] as number) >= 0)) continue;
    times[n] = at[i] as number;
    values[n++] = price[i] as number;
  }
  return n;
}

export const expressions: Cell[] = [
  {
    name: 'expression',
    title: 'sum and max of price · qty · (1 - off / 1000), un-keyed, 1,000 events a window',
    contenders: () => computed(columnsOf()),
  },
  ...[0.5, 0.05].map((share) => ({
    name: `where-${share * 100}`,
    title:
      `count and max of the ${share * 100} % of events for which a condition holds, un-keyed, ` +
      '1,000 events a window',
    contenders: () => filtered(columnsOf(), share, tumbling(SIZE)),
  })),
  {
    name: 'where-updates',
    title: 'the same of 50 %, hopping by a fifth, where every move of the clock may show',
    contenders: () => {
      const columns = columnsOf();
      const window = hopping(SIZE, SIZE / 5);
      const aggregates = { n: count(), most: max('price') };
      const rest = { at: columns.at, price: columns.price };
      const spec: Spec = { time: 'at', window, aggregates, emit: 'updates', outOfOrder: 100, allowedLateness: 100 };
      return [
        {
          name: 'oriel, where',
          side: 'oriel',
          events: EVENTS,
          silent: true,
          run: pushed({ ...spec, where: col('off').lt(500) }, { ...rest, off: columns.off }),
        },
        { name: 'oriel, all events', side: 'other', events: EVENTS, silent: true, run: pushed(spec, rest) },
      ];
    },
  },
];

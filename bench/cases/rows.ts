/** Events pushed as single objects and as arrays of objects, compared with a Map of objects. */

import { count, type Spec, sum, tumbling, windowed } from 'oriel';
import { type Cell, type Contender, finish, inBatches, take } from '../contest';
import { names, randomIds, randomValues, steadyTimes } from '../data';

const EVENTS = 1_000_000;
const KEYS = 1000;
const WINDOW = 100_000;

interface Visit {
  at: number;
  key: string;
  a: number;
  b: number;
  c: number;
}

const spec: Spec = {
  time: 'at',
  key: 'key',
  window: tumbling(WINDOW),
  aggregates: { count: count(), a: sum('a'), b: sum('b'), c: sum('c') },
};

/** A Map of objects; `add` decides whether sums are compensated. */
class Groups {
  start = 0;
  groups = new Map<string, Group>();
  rows: object[] = [];

  constructor(readonly add: (group: Group, visit: Visit) => void) {}

  push(visit: Visit): void {
    if (visit.at >= this.start + WINDOW) {
      this.fire();
      this.start = Math.floor(visit.at / WINDOW) * WINDOW;
    }
    let group = this.groups.get(visit.key);
    if (!group) {
      group = { count: 0, a: 0, b: 0, c: 0, aError: 0, bError: 0, cError: 0 };
      this.groups.set(visit.key, group);
    }
    this.add(group, visit);
  }

  fire(): void {
    for (const [key, { count, a, b, c, aError, bError, cError }] of this.groups) {
      this.rows.push({
        start: this.start,
        end: this.start + WINDOW,
        key,
        count,
        a: a + aError,
        b: b + bError,
        c: c + cError,
      });
    }
    this.groups = new Map();
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

type Group = { count: number; a: number; b: number; c: number; aError: number; bError: number; cError: number };

function addPlain(group: Group, visit: Visit): void {
  group.count++;
  group.a += visit.a;
  group.b += visit.b;
  group.c += visit.c;
}

function addCompensated(group: Group, { a, b, c }: Visit): void {
  group.count++;
  group.aError += lost(group.a, a);
  group.a += a;
  group.bError += lost(group.b, b);
  group.b += b;
  group.cError += lost(group.c, c);
  group.c += c;
}

/** The rounding error of sum + value, by two-sum. */
function lost(sum: number, value: number): number {
  const total = sum + value;
  const shift = total - sum;
  return sum - (total - shift) + (value - shift);
}

function contenders(): Contender[] {
  const times = steadyTimes(EVENTS);
  const ids = randomIds(EVENTS, KEYS, 'uniform');
  const users = names(KEYS);
  const [a, b, c] = [randomValues(EVENTS, 5), randomValues(EVENTS, 6), randomValues(EVENTS, 7)];
  // Every contender gets a new object for each event, as a parser makes them.
  const visit = (i: number): Visit => ({
    at: times[i] as number,
    key: users[ids[i] as number] as string,
    a: a[i] as number,
    b: b[i] as number,
    c: c[i] as number,
  });
  const objects =
    (add: Groups['add']): Contender['run'] =>
    (events, sink) => {
      const s = new Groups(add);
      inBatches(events, sink, (from, to) => {
        for (let i = from; i < to; i++) s.push(visit(i));
        sink.takeRows(s.take());
      });
      s.fire();
      sink.takeRows(s.take());
    };
  return [
    {
      name: 'oriel, push',
      side: 'oriel',
      events: EVENTS,
      run: (events, sink) => {
        const stream = windowed(spec);
        inBatches(events, sink, (from, to) => {
          for (let i = from; i < to; i++) stream.push(visit(i) as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    {
      name: 'oriel, pushRows',
      side: 'oriel',
      events: EVENTS,
      run: (events, sink) => {
        const stream = windowed(spec);
        inBatches(events, sink, (from, to) => {
          const rows: Visit[] = [];
          for (let i = from; i < to; i++) rows.push(visit(i));
          stream.pushRows(rows as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    { name: 'Map of objects, compensated sums', side: 'tuned', events: EVENTS, run: objects(addCompensated) },
    { name: 'naive, Map of objects', side: 'naive', events: EVENTS, run: objects(addPlain) },
    {
      name: 'making the objects alone',
      side: 'other',
      events: EVENTS,
      silent: true,
      run: (events, sink) => {
        inBatches(events, sink, (from, to) => {
          const rows: Visit[] = [];
          for (let i = from; i < to; i++) rows.push(visit(i));
        });
      },
    },
  ];
}

export const rows: Cell[] = [
  { name: 'push', title: 'single events as objects, string keys, count + three sums, 1,000 keys', contenders },
];

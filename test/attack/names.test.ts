/**
 * Catches a column, key, aggregate or window that works under any name but `constructor`, `__proto__`, `length` and the
 * like: each door gets the same events under such names and under harmless ones.
 */

import { describe, expect, test } from 'vitest';
import { count, ring, sum, tumbling, WindowBatch, windowed as windowedOf } from '../../bindings';
import { pushArrow, toArrow } from '../../bindings/arrow';
import { refused } from '../support/helpers';
import {
  batchByRoles,
  byRoles,
  columnsOf,
  eventsOf,
  type Fields,
  HARMLESS,
  hostile,
  NAMES,
  type Names,
  specOf,
} from './names';

/** Pages share memory only if they are isolated. */
const canShare = typeof SharedArrayBuffer !== 'undefined';

interface Loose extends Disposable {
  push(event: object): void;
  pushRows(events: object): void;
  pushColumns(columns: object): void;
  claim(n: number): Record<string, Float64Array>;
  keyId(key: unknown, column: string): number;
  commit(n: number): void;
  query(key?: unknown): object;
  over(source: unknown): AsyncIterable<WindowBatch<never>>;
  take(): WindowBatch<never>;
  close(): WindowBatch<never>;
  stats(): { late: number };
}
const windowed = windowedOf as unknown as (spec: object) => Loose;

type Door = (stream: Loose, names: Names) => void;

const DOORS: Record<string, Door> = {
  push: (stream, names) => {
    for (const event of eventsOf(names, true)) stream.push(event);
  },
  'push of undefined values': (stream, names) => {
    for (const event of eventsOf(names, false)) stream.push(event);
  },
  pushRows: (stream, names) => stream.pushRows(eventsOf(names, true)),
  pushColumns: (stream, names) => stream.pushColumns(columnsOf(eventsOf(names, false), false)),
  'pushColumns of typed arrays': (stream, names) => stream.pushColumns(columnsOf(eventsOf(names, false), true)),
  claim: (stream, names) => {
    const events = eventsOf(names, false);
    const views = stream.claim(events.length);
    expect(Object.keys(byRoles(names, views)).sort()).toEqual(['key', 'measure', 'text', 'time']);
    events.forEach((event, i) => {
      for (const [name, view] of Object.entries(views)) {
        const value = event[name];
        view[i] = typeof value === 'string' ? stream.keyId(value, name) : ((value ?? Number.NaN) as number);
      }
    });
    stream.commit(events.length);
  },
  pushArrow: (stream, names) => {
    const events = eventsOf(names, false);
    const columns = columnsOf(events, true);
    pushArrow(stream as never, toArrow(new WindowBatch(events.length, columns as never)) as never);
  },
  'a shared ring': (stream, names) => {
    const events = eventsOf(names, false);
    const schema = Object.fromEntries(Object.keys(events[0] as Fields).map((name) => [name, 'f64' as const]));
    const shared = ring(schema, 16);
    // Strings as their index among the events.
    const coded = Object.entries(columnsOf(events, false)).map(([name, values]) => [
      name,
      (values as unknown[]).map((value, i) => (typeof value === 'string' ? i : (value ?? Number.NaN))),
    ]);
    expect(shared.push(Object.fromEntries(coded))).toBe(events.length);
    const there = ring(structuredClone(shared.handle)).take().columns as Record<string, Float64Array>;
    const strings = (name: string) =>
      Array.from(there[name] as Float64Array, (i) => (Number.isNaN(i) ? undefined : (events[i] as Fields)[name]));
    expect(Object.keys(byRoles(names, shared.columns))).toEqual(['time', 'key', 'measure', 'text']);
    const { [names.time]: time, [names.measure]: measure } = there;
    stream.pushColumns(
      Object.fromEntries([
        [names.time, time],
        [names.measure, measure],
        [names.key, strings(names.key)],
        [names.text, strings(names.text)],
      ]),
    );
  },
};

/** Everything that a stream says of the events that came through a door. */
function told(names: Names, door: Door, isEarly: boolean): object {
  const late: unknown[] = [];
  using stream = windowed(specOf(names, (batch) => late.push(batchByRoles(names, batch as never)), isEarly));
  door(stream, names);
  const asked = byRoles(names, stream.query('k0'));
  const answers = Object.entries(asked).map(([name, answer]) => [name, byRoles(names, answer as object)]);
  const { late: count } = stream.stats();
  const batch = stream.close();
  const table = toArrow(batch);
  const values = (name: string) => [...(table.getChild(name as never) ?? [])].map(String);
  // All but the names of windows, which the rows tell.
  const columns = table.schema.fields.flatMap(({ name }) => (name === 'window' ? [] : [[name, values(name)]]));
  return { ...batchByRoles(names, batch), late, count, answers, table: byRoles(names, Object.fromEntries(columns)) };
}

const doors = Object.entries(DOORS).filter(([name]) => canShare || name !== 'a shared ring');
describe.each(doors)('%s', (_, door) => {
  test.each([false, true])('gives the same results under all names, early firing %s', (isEarly) => {
    const expected = told(HARMLESS, door, isEarly);
    expect(expected).toMatchObject({ late: expect.any(Array), count: expect.any(Number) });
    for (const from of NAMES.keys()) expect(told(hostile(from), door, isEarly), NAMES[from]).toEqual(expected);
  });
});

test.each(NAMES)('a single column called %s is taken, late events too, and the stream goes on', (name) => {
  const late: unknown[] = [];
  const spec = { time: 't', window: tumbling(10), aggregates: { x: sum(name) } };
  using stream = windowed({ ...spec, onLate: (batch: WindowBatch<never>) => late.push(...batch) });
  const event = (t: number, value: number) =>
    Object.fromEntries([
      ['t', t],
      [name, value],
    ]);
  stream.push(event(100, 1));
  stream.push(event(1, 5));
  stream.push({ t: 101 });
  expect(stream.stats()).toMatchObject({ late: 1, events: 3 });
  expect([...stream.close()]).toEqual([{ start: 100, end: 110, x: 1 }]);
  expect(late).toEqual([event(1, 5)]);
});

test.each(NAMES)('over tells columns from events by a time called %s', async (name) => {
  using stream = windowed({ time: name, window: tumbling(10), aggregates: { n: count() } });
  const event = Object.fromEntries([[name, 1]]);
  const columns = Object.fromEntries([[name, [2, 3]]]);
  const rows: unknown[] = [];
  for await (const batch of stream.over([event, columns])) rows.push(...batch);
  expect(rows).toEqual([{ start: 0, end: 10, n: 3 }]);
});

test.each(NAMES)('a missing column called %s is refused, and not taken from what objects inherit', (name) => {
  using stream = windowed({ time: name, window: tumbling(10), aggregates: { n: sum('v') } });
  refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ v: [1] }), name);
  refused('ERR_ORIEL_TIME', () => stream.push({ v: 1 }), name);
  refused('ERR_ORIEL_TIME', () => stream.pushRows([{ v: 1 }]), name);
  if (!canShare) return;
  const shared = ring(Object.fromEntries([[name, 'f64']] as const), 16);
  refused('ERR_ORIEL_COLUMN', () => shared.push({}), name);
  expect(shared.peek()).toBe(0);
});

/** Arrow record batches with string keys, compared with rows, with columns, and with loops over the batches. */

import {
  type Data,
  type DataType,
  Dictionary,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  TimestampMillisecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { count, type Spec, sum, tumbling, windowed } from 'oriel';
import { pushArrow } from 'oriel/arrow';
import { BATCH, type Cell, type Contender, finish, inBatches, pushed, take } from '../contest';
import { column, names, randomIds, randomValues, steadyTimes } from '../data';
import { NaiveKeyed } from '../peers/naive';
import { fireKeyed, foldKeyed, Keyed } from '../peers/tuned';

const EVENTS = 2_000_000;
const WINDOW = 500_000;

const spec: Spec = {
  time: 'at',
  key: 'key',
  window: tumbling(WINDOW),
  aggregates: { count: count(), sum: sum('value') },
};

type Batch = RecordBatch<{ at: TimestampMillisecond; key: DataType; value: Float64 }>;

const fromBatches =
  (batches: readonly Batch[]): Contender['run'] =>
  (events, sink) => {
    const stream = windowed(spec);
    inBatches(events, sink, (from) => {
      pushArrow(stream, batches[from / BATCH] as RecordBatch);
      take(stream, sink);
    });
    finish(stream, sink, true);
  };

const fromRows =
  (rows: readonly object[]): Contender['run'] =>
  (events, sink) => {
    const stream = windowed(spec);
    inBatches(events, sink, (from, to) => {
      stream.pushRows(rows.slice(from, to) as never);
      take(stream, sink);
    });
    finish(stream, sink, true);
  };

/** Uses the codes of the dictionary as ids, and converts times to numbers. */
const byCodes =
  (batches: readonly Batch[], users: readonly string[]): Contender['run'] =>
  (events, sink) => {
    const s = new Keyed(WINDOW, users.length);
    const times = new Float64Array(BATCH);
    const emit = () => {
      const n = s.out.length;
      const taken = s.out.take();
      sink.take(n, { ...taken, key: column(Uint32Array.from(taken.key ?? []), users) });
    };
    inBatches(events, sink, (from, to) => {
      const [at, key, value] = (batches[from / BATCH] as Batch).data.children as [Data, Data, Data];
      for (let i = 0; i < to - from; i++) times[i] = Number(at.values[i]);
      foldKeyed(
        s,
        times,
        new Uint32Array(key.values.buffer, key.values.byteOffset, to - from),
        value.values,
        0,
        to - from,
        0,
      );
      emit();
    });
    fireKeyed(s, 0);
    emit();
  };

/** Reads value by value, as Arrow's own guide does. */
const byValues =
  (batches: readonly Batch[]): Contender['run'] =>
  (events, sink) => {
    const s = new NaiveKeyed(WINDOW);
    inBatches(events, sink, (from) => {
      const batch = batches[from / BATCH] as Batch;
      const [at, key, value] = ['at', 'key', 'value'].map((name) => batch.getChild(name as 'at')) as Vector[];
      for (let i = 0; i < batch.numRows; i++) s.push(at?.get(i), key?.get(i), value?.get(i));
      sink.takeRows(s.take());
    });
    s.fire();
    sink.takeRows(s.take());
  };

function contenders(keys: number): Contender[] {
  const times = steadyTimes(EVENTS);
  const ids = randomIds(EVENTS, keys, 'uniform');
  const values = randomValues(EVENTS);
  const users = names(keys);
  const strings = column(ids, users);
  const rows = Array.from(times, (at, i) => ({ at, key: strings[i], value: values[i] }));
  const dictionary = vectorFromArray(users, new Utf8());
  const type = new Dictionary(new Utf8(), new Int32());
  const at = makeData({ type: new TimestampMillisecond(), data: BigInt64Array.from(times, BigInt) });
  const value = makeData({ type: new Float64(), data: values });
  const cut = (key: Data): Batch[] =>
    Array.from({ length: Math.ceil(EVENTS / BATCH) }, (_, i) => {
      const n = Math.min(BATCH, EVENTS - i * BATCH);
      const part = <T extends DataType>(data: Data<T>) => data.slice(i * BATCH, n);
      return new RecordBatch({ at: part(at), key: part(key), value: part(value) });
    });
  const coded = cut(makeData({ type, data: Int32Array.from(ids), dictionary }));
  const plain = cut(vectorFromArray(strings, new Utf8()).data[0] as Data);
  const columns = { at: times, key: strings, value: values };
  const events = EVENTS;
  return [
    { name: 'oriel, pushArrow, keys in a dictionary', side: 'oriel', events, run: fromBatches(coded) },
    { name: 'oriel, pushArrow, keys in Utf8', side: 'oriel', events, run: fromBatches(plain) },
    { name: 'oriel, pushColumns, keys in arrays of strings', side: 'oriel', events, run: pushed(spec, columns) },
    { name: 'oriel, pushRows, the same as objects', side: 'oriel', events, run: fromRows(rows) },
    { name: 'tuned, codes of the dictionary as ids', side: 'tuned', events, run: byCodes(coded, users) },
    { name: 'naive, value by value, Map of objects', side: 'naive', events, rounds: 3, run: byValues(coded) },
    { name: 'naive, the same of Utf8', side: 'other', events: EVENTS / 4, rounds: 3, run: byValues(plain) },
  ];
}

export const arrow: Cell[] = [
  {
    name: 'arrow-1k',
    title: 'Arrow record batches, string keys, count + sum, 1,000 keys',
    contenders: () => contenders(1000),
  },
  { name: 'arrow-100k', title: 'the same, 100,000 keys', contenders: () => contenders(100_000) },
];

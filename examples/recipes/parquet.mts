/**
 * Parquet in, Parquet out: visits, bytes and distinct pages of each user, minute by minute. Only one row group is in
 * memory at a time, as columns from end to end.
 *
 *   npm install oriel hyparquet hyparquet-compressors hyparquet-writer tsx
 *   npx tsx parquet.mts events.parquet windows.parquet
 *
 * It reads the columns `at` (a timestamp), `user`, `page` and `bytes`.
 */

import { asyncBufferFromFile, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { count, distinct, sum, text, tumbling, windowed } from 'oriel';

const [input = 'events.parquet', output = 'windows.parquet'] = process.argv.slice(2);

const visits = windowed({
  time: 'at',
  key: 'user',
  window: tumbling('1m'),
  aggregates: { visits: count(), bytes: sum('bytes'), pages: distinct(text('page')) },
  outOfOrder: '10s', // how far behind the newest row before it a row may be
});

await parquetWriteRows({
  writer: fileWriter(output),
  rows: windows(),
  columns: [
    { name: 'start', type: 'TIMESTAMP' },
    { name: 'end', type: 'TIMESTAMP' },
    { name: 'user', type: 'STRING' },
    { name: 'visits', type: 'DOUBLE' },
    { name: 'bytes', type: 'DOUBLE' },
    { name: 'pages', type: 'DOUBLE' },
  ],
});

const { events, late } = visits.stats();
console.log(`${events} events read, ${late} of them too late for their windows`);

async function* windows() {
  for await (const batch of visits.over(rowGroups())) {
    for (const row of batch) yield { ...row, start: new Date(row.start), end: new Date(row.end) };
  }
}

async function* rowGroups() {
  const file = await asyncBufferFromFile(input);
  // Times as numbers, in milliseconds, whatever the file has them in.
  const parsers = {
    timestampFromMilliseconds: Number,
    timestampFromMicroseconds: (micros: bigint) => Number(micros) / 1e3,
    timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1000n) / 1e3,
  };
  const { ranges, readColumn } = await parquetScan({ file, compressors, parsers });
  for (const range of ranges) {
    const read = (column: string) => readColumn({ column, ...range });
    const page = (await read('page')) as string[];
    yield { at: await read('at'), user: await read('user'), page, bytes: await read('bytes') };
  }
}

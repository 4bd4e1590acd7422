/** Catches recipes of files whose windows differ from those that DuckDB computes from the same files. */

import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { directory, run, start } from './recipes';

const dir = directory();
const connection = await (await DuckDBInstance.create()).connect();
const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();

// Events are up to five seconds out of order, and one at the end is late. Some values are missing, and CSV has to quote
// some names of users.
await ask(`
  create table events as
  select timestamp '2025-01-31 12:00:00' + to_milliseconds((i * 37 + i * 7919 % 5000)::bigint) as "at",
    'user ' || (i * i % 7) || if(i % 7 = 3, ', "é"', '') as "user", '/page/' || (i % 13) as page,
    if(i % 7 = 3 and i % 2 = 0, null, i % 1000)::double as bytes,
    if(i % 17 = 0, 503, 200) as status, (1 + i * 31 % 997) / 7 as ms
  from range(20_000) as _(i)`);
await ask(`
  create view given as
  from events union all select timestamp '2025-01-31 11:00:00', 'user 0', '/page/0', 1, 200, 1`);
const REPORT = '20001 events read, 1 of them too late for their windows';

const written = `select * replace (strftime("at", '%Y-%m-%dT%H:%M:%S.%gZ') as "at") from given`;
const read = 'select * replace (epoch_ms("start")::double as "start", epoch_ms("end")::double as "end")';
const minutes = (more = '') => `
  select epoch_ms(date_trunc('minute', "at"))::double as "start", "start" + 60_000 as "end", "user",
    count(*)::double as visits, sum(bytes) as bytes ${more}
  from events group by all order by all`;

test('CSV: visits minute by minute are those of DuckDB', async () => {
  const [input, output] = [join(dir, 'events.csv'), join(dir, 'windows.csv')];
  await ask(`copy (${written}) to '${input}' (format csv)`);
  expect(await run('csv.mts', [input, output])).toEqual([REPORT]);
  const types = `{ "start": 'timestamp', "end": 'timestamp', visits: 'double', bytes: 'double' }`;
  const windows = await ask(`${read} from read_csv('${output}', types = ${types}) order by all`);
  expect(windows.length).toBeGreaterThan(50);
  expect(windows).toEqual(await ask(minutes()));
});

test('CSV: a line that is no event ends the recipe and is named', async () => {
  const input = join(dir, 'broken.csv');
  await writeFile(input, 'at,user,bytes\n2025-01-31T12:00:00Z,ada,1\nyesterday,ada,1\n');
  const program = start('csv.mts', [input, join(dir, 'nothing.csv')]);
  expect((await program.end()).code).toBe(1);
  expect(await program.complaints).toContain('item 1 of the source: column "at"');
});

test('JSON by lines: requests over five minutes, every minute, are those of DuckDB', async () => {
  const [input, output] = [join(dir, 'events.ndjson'), join(dir, 'windows.ndjson')];
  await ask(`copy (${written}) to '${input}' (format json)`);
  // Other programs write empty lines, other line ends, or a last line without an end.
  const lines = (await readFile(input, 'utf8')).trimEnd().replaceAll('\n', '\r\n').replace('\r\n', '\n\n');
  const wrong = ['no JSON', 'null', '{"at": null, "page": "/", "status": 200, "ms": 1}', '{"at": 1, "page": "/"}'];
  await writeFile(input, [...wrong, lines].join('\n'));
  const program = start('ndjson.mts');
  const [{ code, rest }] = await Promise.all([
    program.end(),
    pipeline(createReadStream(input, { highWaterMark: 1000 }), program.stdin),
  ]);
  expect(code).toBe(0);
  expect(await program.complaints).toBe(`${REPORT}; 4 bad lines\n`);
  await writeFile(output, rest.join('\n'));

  const types = `{ "start": 'timestamp', "end": 'timestamp', page: 'varchar',
    requests: 'int', failed: 'int', p99: 'double' }`;
  const windows = await ask(`${read} from read_json('${output}', columns = ${types}) order by all`);
  const expected = await ask(`
    select epoch_ms(date_trunc('minute', "at"))::double - hop as "start", "start" + 300_000 as "end", page,
      count(*)::int as requests, (count(*) filter (status >= 500))::int as failed,
      list_sort(list(ms))[floor(0.99 * (count(*) - 1))::int + 1] as p99
    from events, (select unnest(range(0, 5)) * 60_000 as hop) group by all order by all`);
  expect(windows.length).toBeGreaterThan(150);
  expect(windows.map(({ p99, ...rest }) => rest)).toEqual(expected.map(({ p99, ...rest }) => rest));
  windows.forEach(({ p99 }, i) => {
    const exact = Number(expected[i]?.p99);
    expect(Math.abs(Number(p99) - exact)).toBeLessThanOrEqual(exact * 0.0101);
  });
});

test('JSON by lines: the writer of the lines handles an interrupt, and all its lines count', async () => {
  const program = start('ndjson.mts');
  const write = (at: number) => program.stdin.write(`${JSON.stringify({ at, page: '/', status: 200, ms: 1 })}\n`);
  write(0);
  write(70_001);
  expect(JSON.parse((await program.line()) ?? '')).toMatchObject({ end: '1970-01-01T00:01:00.000Z', requests: 1 });
  program.kill('SIGINT');
  write(70_002);
  program.stdin.end();
  const { code, rest } = await program.end();
  expect(code).toBe(0);
  const windows = rest.map((line) => JSON.parse(line));
  const ends = [2, 3, 4, 5, 6].map((minute) => new Date(minute * 60_000).toISOString());
  expect(windows.map(({ end, requests }) => [end, requests])).toEqual(ends.map((end, i) => [end, i < 4 ? 3 : 2]));
});

test('Parquet: visits and distinct pages minute by minute are those of DuckDB', async () => {
  const [input, output] = [join(dir, 'events.parquet'), join(dir, 'windows.parquet')];
  await ask(`copy given to '${input}' (format parquet, compression zstd, row_group_size 4096)`);
  expect(await run('parquet.mts', [input, output])).toEqual([REPORT]);
  const windows = await ask(`${read} from '${output}' order by all`);
  expect(windows.length).toBeGreaterThan(50);
  expect(windows).toEqual(await ask(minutes(', count(distinct page)::double as pages')));
});

/** Catches a built command that reads, computes, writes or ends other than documented; each run is a process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HELP } from '../../../bindings/cli/help';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oriel-'));
});
afterAll(() => rm(folder, { recursive: true }));

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: 'pipe' });
}

async function finish(
  child: ChildProcess,
  input?: string | Buffer,
): Promise<{ out: string; err: string; code: number | null }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    err += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  return { out, err, code };
}

const oriel = (...args: string[]) => finish(start(...args));
const piped = (input: string | Buffer, ...args: string[]) => finish(start(...args), input);
const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const fileOf = async (name: string, text: string | Buffer) => {
  await writeFile(join(folder, name), text);
  return name;
};

const EVENTS = [
  { at: 0, user: 'ada', ms: 10, status: 200, path: '/' },
  { at: 1_000, user: 'grace', ms: 20, status: 500, path: '/a' },
  { at: 59_999, user: 'ada', ms: 30, status: 200, path: '/health' },
  { at: 60_000, user: 'ada', ms: null, status: 404, path: '/a' },
];
const NDJSON = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('');
const CSV = `at,user,ms,status,path\n${EVENTS.map((event) => `${Object.values(event).join(',')}\n`).join('')}`;
const QUESTION = ['--time', 'at', '--key', 'user', '--window', '1m', '--agg', 'visits = count(), total = sum(ms)'];
const ANSWER = [
  { start: 0, end: 60_000, user: 'ada', visits: 2, total: 40 },
  { start: 0, end: 60_000, user: 'grace', visits: 1, total: 20 },
  { start: 60_000, end: 120_000, user: 'ada', visits: 1, total: null },
];

describe('input', () => {
  test('NDJSON is read from stdin and from several files', async () => {
    expect(await piped(NDJSON, ...QUESTION)).toEqual({ out: expect.any(String), err: '', code: 0 });
    expect(rowsOf((await piped(NDJSON, ...QUESTION, '-')).out)).toEqual(ANSWER);
    const first = await fileOf('first.jsonl', NDJSON.split('\n').slice(0, 2).join('\n'));
    const second = await fileOf('second.ndjson', NDJSON.split('\n').slice(2).join('\n'));
    expect(rowsOf((await oriel(...QUESTION, first, second)).out)).toEqual(ANSWER);
  });

  test('CSV and TSV are read, compressed or not', async () => {
    const csv = await fileOf('events.csv', CSV);
    const tsv = await fileOf('events.tsv.gz', gzipSync(CSV.replaceAll(',', '\t')));
    const bare = await fileOf('bare', CSV.split('\n').slice(1).join('\n').replaceAll(',', ';'));
    expect(rowsOf((await oriel(...QUESTION, csv)).out)).toEqual(ANSWER);
    expect(rowsOf((await oriel(...QUESTION, tsv)).out)).toEqual(ANSWER);
    const columns = ['--from', 'csv', '--delimiter', ';', '--columns', 'at,user,ms,status,path'];
    expect(rowsOf((await oriel(...QUESTION, ...columns, bare)).out)).toEqual(ANSWER);
  });

  test('Parquet is read', async () => {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const events = await fileOf('to-parquet.ndjson', NDJSON);
    const types = `{"at": 'bigint', "user": 'varchar', ms: 'double', status: 'bigint', path: 'varchar'}`;
    const typed = `select make_timestamp("at"::bigint * 1000) as "at", "user", ms::double as ms,
        status::bigint as status, path, {'id': status} as of
      from read_ndjson('${join(folder, events)}', columns = ${types})`;
    for (const codec of ['snappy', 'zstd']) {
      await connection.run(
        `copy (${typed}) to '${join(folder, `${codec}.parquet`)}' (format parquet, compression ${codec})`,
      );
      expect(rowsOf((await oriel(...QUESTION, `${codec}.parquet`)).out)).toEqual(ANSWER);
    }
    const { out } = await oriel(
      '-t',
      'at',
      '-k',
      'status',
      '-w',
      'everything()',
      '-a',
      'n = count(of.id)',
      'zstd.parquet',
    );
    expect(rowsOf(out)).toEqual([200, 500, 404].map((status, i) => ({ start: null, end: null, status, n: i ? 1 : 2 })));
  });

  test('values in objects, booleans, dates and times of other units are read', async () => {
    const lines =
      '{"at":"2026-01-01T00:00:00.5Z","of":{"what":1},"ok":true}\n' +
      '{"at":"2026-01-01 01:00","of":{"what":2},"ok":false}\n';
    const dates = await piped(lines, '-t', 'at', '-w', '1d', '-a', 's = sum(of.what), ok = sum(ok)', '--iso');
    expect(rowsOf(dates.out)).toEqual([
      { start: '2026-01-01T00:00:00.000Z', end: '2026-01-02T00:00:00.000Z', s: 3, ok: 1 },
    ]);
    for (const [unit, scale] of Object.entries({ s: 1, ms: 1e3, us: 1e6, ns: 1e9 })) {
      const { out } = await piped(`at\n${90 * scale}\n`, '--from', 'csv', '-t', 'at', '-w', '1m', '--unit', unit);
      expect(rowsOf(out)).toEqual([{ start: 60_000, end: 120_000, count: 1 }]);
    }
  });

  test('events without times happen when they arrive', async () => {
    const before = Date.now();
    const [row] = rowsOf((await piped(NDJSON, '-w', '1h', '-a', 'n = count(), u = distinct(user)')).out);
    expect(row.n).toBe(4);
    expect(row.u).toBe(2);
    expect(row.end).toBeGreaterThan(before);
  });

  test('a number as a key is a string in CSV and a number in JSON', async () => {
    const [csv] = rowsOf((await piped('k\n007\n', '--from', 'csv', '-k', 'k', '-w', 'everything()')).out);
    const [json] = rowsOf((await piped('{"k":7}\n', '-k', 'k', '-w', 'everything()')).out);
    expect([csv.k, json.k]).toEqual(['007', 7]);
  });
});

describe('the question', () => {
  test('conditions, several windows and options are taken', async () => {
    const { out } = await piped(
      NDJSON,
      ...['-t', 'at', '-w', 'minute = 1m, all = everything()', '--where', 'path != "/health"'],
      ...['-a', 'bad = count().where(status >= 400)', '-a', 'top = topK(path, 1), p = quantile(ms, 1, exact = true)'],
    );
    expect(rowsOf(out)).toEqual(
      [
        { start: 0, end: 60_000, window: 'minute', bad: 1, top: [{ value: '/', count: 1, error: 0 }], p: 20 },
        { start: 60_000, end: 120_000, window: 'minute', bad: 1, top: [{ value: '/a', count: 1, error: 0 }], p: null },
        { start: null, end: null, window: 'all', bad: 2, top: [{ value: '/a', count: 2, error: 0 }], p: 20 },
      ].map((row) => ({ ...row, top: row.window === 'minute' && row.start === 0 ? expect.any(Array) : row.top })),
    );
  });

  test('late events are counted, written to a file, or taken again', async () => {
    const lines = [5, 25, 7, 12, 26].map((at) => `{"at":${at},"v":${at}}\n`).join('');
    const late = await piped(
      lines,
      '-t',
      'at',
      '-w',
      '10',
      '-a',
      's = sum(v)',
      '--unit',
      'none',
      '--late',
      'late.ndjson',
    );
    expect(late.err).toBe('oriel: skipped 2 late events; see --out-of-order\n');
    expect(rowsOf(late.out).map(({ s }) => s)).toEqual([5, 51]);
    expect(rowsOf(await readFile(join(folder, 'late.ndjson'), 'utf8'))).toEqual([
      { at: 7, v: 7 },
      { at: 12, v: 12 },
    ]);
    const updates = await piped(
      lines,
      '-t',
      'at',
      '-w',
      '10',
      '--emit',
      'updates',
      '--allowed-lateness',
      '100',
      '--discard',
    );
    expect(rowsOf(updates.out).map(({ start, count, pane }) => [start, count, pane])).toEqual([
      [0, 1, 'on-time'],
      [0, 1, 'late'],
      [10, 1, 'late'],
      [20, 2, 'on-time'],
    ]);
    const early = await piped(lines, '-t', 'at', '-w', '1d', '--emit', '10');
    expect(rowsOf(early.out).map(({ count, pane }) => [count, pane])).toEqual([
      [1, 'early'],
      [5, 'on-time'],
    ]);
    const waited = await piped(
      lines,
      '-t',
      'at',
      '-w',
      '10',
      '--out-of-order',
      '20',
      '--max-future-skew',
      '1h',
      '--fill',
      'zero',
    );
    expect(rowsOf(waited.out).map(({ count }) => count)).toEqual([2, 1, 2]);
  });

  test('--explain says what would be done, and does nothing', async () => {
    const { out, code } = await oriel(
      ...QUESTION,
      '--where',
      'status < 500',
      '--out-of-order',
      '2s',
      '--explain',
      'not-there.csv',
    );
    expect(code).toBe(0);
    expect(out).toContain('columns    at (times), user (keys), ms (numbers), status (numbers)\n');
    expect(out).toContain('where      status < 500\n');
    expect(out).toContain('write      ndjson: start, end, user, visits, total\n');
  });

  test('--help names every option, and --version is that of the package', async () => {
    const { out } = await oriel('--help');
    expect(out).toBe(HELP);
    const { err } = await oriel('--no-such');
    const options = err.match(/--[\w-]+/g) as string[];
    expect(options.length).toBeGreaterThan(20);
    for (const option of options.slice(1)) expect(HELP).toContain(option);
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect((await oriel('--version')).out).toBe(`${version}\n`);
  });
});

describe('output', () => {
  test('tables have dates', async () => {
    const { out } = await piped(NDJSON.replaceAll('ada', 'a\\u001bda'), ...QUESTION, '--to', 'table');
    expect(out).toBe(`start                 end                   user         visits  total
────────────────────  ────────────────────  ───────────  ──────  ─────
1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  "a\\u001bda"       2     40
1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  grace             1     20
1970-01-01T00:01:00Z  1970-01-01T00:02:00Z  "a\\u001bda"       1
`);
  });

  test('CSV is quoted only if it has to be', async () => {
    const { out } = await piped(
      `{"at":1,"k":"a,\\"b\\""}\n`,
      ...[
        '-t',
        'at',
        '-k',
        'k',
        '-w',
        '1d',
        '--to',
        'csv',
        '-a',
        'n = count(), m = mean(x), l = collect(k, limit = 2)',
      ],
    );
    expect(out).toBe('start,end,k,n,m,l\n0,86400000,"a,""b""",1,,"[""a,\\""b\\""""]"\n');
    expect((await piped('', ...QUESTION, '--to', 'csv')).out).toBe('start,end,user,visits,total\n');
  });

  test('a column of Arrow keeps its type whatever comes first', async () => {
    const lines = [
      { at: 1, k: 'a' },
      { at: 11, k: 'b', p: 'x', v: 3 },
      { at: 21, k: 'a' },
      { at: 31, k: 'c', p: 'y' },
    ];
    const asked = ['-t', 'at', '-k', 'k', '-w', '10', '--to', 'arrow', '--iso', '-a'];
    const aggregates = 'n = count(), f = first(text("p")), top = topK(text("p"), 1), m = mean(v)';
    const child = start(...asked, aggregates);
    const bytes = buffer(child.stdout as NodeJS.ReadableStream);
    // Results come one after the other, each in a record batch of its own.
    for (const line of lines) {
      child.stdin?.write(`${JSON.stringify(line)}\n`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.stdin?.end();
    const table = tableFromIPC(await bytes);
    expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'start: Timestamp<MILLISECOND>',
      'end: Timestamp<MILLISECOND>',
      'k: Dictionary<Int32, Utf8>',
      'n: Float64',
      'f: Dictionary<Int32, Utf8>',
      'top: List<Struct<{value:Dictionary<Int32, Utf8>, count:Float64, error:Float64}>>',
      'm: Float64',
    ]);
    expect(table.toArray().map((row) => JSON.parse(JSON.stringify(row)))).toEqual([
      { start: 0, end: 10, k: 'a', n: 1, f: null, top: [], m: null },
      { start: 10, end: 20, k: 'b', n: 1, f: 'x', top: [{ value: 'x', count: 1, error: 0 }], m: 3 },
      { start: 20, end: 30, k: 'a', n: 1, f: null, top: [], m: null },
      { start: 30, end: 40, k: 'c', n: 1, f: 'y', top: [{ value: 'y', count: 1, error: 0 }], m: null },
    ]);
    const nothing = start(...asked, 'n = count(), f = first(text("p"))');
    nothing.stdin?.end();
    const empty = tableFromIPC(await buffer(nothing.stdout as NodeJS.ReadableStream));
    expect([empty.numRows, empty.schema.names]).toEqual([0, ['start', 'end', 'k', 'n', 'f']]);
  });

  test('the command ends without a word when its reader goes away', async () => {
    const many = await fileOf(
      'many.ndjson',
      Array.from({ length: 200_000 }, (_, i) => `{"at":${i},"k":${i}}\n`).join(''),
    );
    // The reader leaves before, and after, the last line has been read.
    for (const emit of [[], ['--out-of-order', '1h', '-k', 'k']]) {
      const child = start('-t', 'at', '-w', emit.length ? '1h' : 'rolling(rows(1))', ...emit, many);
      child.stdout?.once('data', () => child.stdout?.destroy());
      let err = '';
      child.stderr?.on('data', (text) => {
        err += text;
      });
      const [code] = await once(child, 'exit');
      expect({ err, code }).toEqual({ err: '', code: 0 });
    }
  });

  test('the command fails when it cannot write', async () => {
    const failed = await oriel(
      '-t',
      'at',
      '-w',
      '1m',
      '--late',
      'no/such/folder',
      await fileOf('one.ndjson', '{"at":1}\n'),
    );
    expect(failed).toMatchObject({ err: expect.stringContaining('oriel: no/such/folder: ENOENT'), code: 1 });
  });

  test.skipIf(!existsSync('/dev/full'))('the command fails when the disk is full', async () => {
    await fileOf('one.ndjson', '{"at":1}\n');
    const full = await finish(
      spawn('sh', ['-c', `"${process.execPath}" "${CLI}" -t at -w 1m one.ndjson > /dev/full`], { cwd: folder }),
    );
    expect(full).toMatchObject({ err: expect.stringContaining('oriel: stdout: ENOSPC'), code: 1 });
  });

  test('the command exits with 130 when it is interrupted before the end of a file', async () => {
    const fifo = spawn('mkfifo', ['fifo'], { cwd: folder });
    await once(fifo, 'exit');
    const child = start('-t', 'at', '-w', '10', 'fifo');
    const writer = createWriteStream(join(folder, 'fifo'));
    writer.write('{"at":1}\n{"at":11}\n');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGINT');
    writer.end();
    expect((await once(child, 'close'))[0]).toBe(130);
  });

  test('an interrupt ends stdin, open windows fire, and the command exits with 130', async () => {
    const child = start('-t', 'at', '-w', '10');
    child.stdin?.write('{"at":1}\n{"at":11}\n');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    let out = '';
    child.stdout?.on('data', (data) => {
      out += data;
    });
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect([rowsOf(out), code]).toEqual([[{ start: 10, end: 20, count: 1 }], 130]);
  });

  test('a line of JSON that is nested without end is a bad line', async () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const objects = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const lines = [5_000, 200_000].map((levels) => `{"at":2,"v":${nested(levels)}}\n`);
    const input = `{"at":1,"v":1}\n${lines.join('')}{"at":3,"v":${objects}}\n${nested(50_000)}\n{"at":4,"v":1}\n`;
    const { out, err, code } = await piped(input, '-t', 'at', '-w', '10', '-a', 'v = sum(v)');
    expect([rowsOf(out), code]).toEqual([[{ start: 0, end: 10, v: 2 }], 0]);
    expect(err).toContain('oriel: stdin:2: column "v": expected a number or nothing, got [[[[');
    expect(err).toContain('skipped 4 bad lines');
  });

  test.each([
    ['parentheses', ['--where', `${'('.repeat(5_000)}v${')'.repeat(5_000)}`]],
    ['signs', ['--where', `${'!'.repeat(50_000)}v`]],
    ['a chain of operators', ['--where', `v${'+v'.repeat(50_000)}`]],
    ['lists', ['--agg', `n = quantile(v, ${'['.repeat(50_000)}`]],
    ['a window', ['--window', `${'-'.repeat(50_000)}1`]],
  ])('expressions with too many levels of %s are wrong usage', async (_, given) => {
    const { err, code } = await piped(
      '{"at":1,"v":1}\n',
      '-t',
      'at',
      ...(given[0] === '--window' ? [] : ['-w', '10']),
      ...given,
    );
    expect([code, err.split('\n').length]).toEqual([2, 2]);
    expect(err).toContain(`oriel: ${given[0]}: `);
  });

  test('results do not wait for the end of the input', async () => {
    const child = start('-t', 'at', '-w', '10');
    child.stdin?.write('{"at":1}\n{"at":11}\n');
    const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    expect(rowsOf(String(first))).toEqual([{ start: 0, end: 10, count: 1 }]);
    expect((await finish(child)).code).toBe(0);
  });

  test('--idle lets time go on without events', async () => {
    const child = start('-t', 'at', '-w', '10ms', '--idle', '50ms');
    child.stdin?.write('{"at":1}\n');
    const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    expect(rowsOf(String(first))).toEqual([{ start: 0, end: 10, count: 1 }]);
    await finish(child);
  });
});

describe('bad lines', () => {
  const LINES = [
    '{"at":1,"k":"a"}',
    '{"at":2,"k":',
    '',
    '{"at":"x","k":"a"}',
    '{"at":3,"k":7}',
    '{"at":4}',
    '{"at":5,"k":"a"}',
    '[]',
    '{"at":1e300,"k":"a"}',
    '{"at":6,"k":"a","v":"x"}\n',
  ].join('\n');
  const ASKED = ['-t', 'at', '-k', 'k', '-w', '1d', '-a', 'n = count(), s = sum(v)'];

  test('bad lines are skipped and counted, and the first few are shown', async () => {
    const { out, err, code } = await piped(LINES, ...ASKED);
    expect(rowsOf(out)).toEqual([{ start: 0, end: 86_400_000, k: 'a', n: 2, s: null }]);
    expect(code).toBe(0);
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^oriel: stdin:2: not JSON: .*; skipped$/),
      'oriel: stdin:4: column "at": expected a time, as a number or an ISO date, got "x"; skipped',
      'oriel: stdin:6: column "k": expected a string or a number, got nothing; skipped',
      'oriel: stdin:8: expected an object of JSON; skipped',
      'oriel: stdin:10: column "v": expected a number or nothing, got "x"; skipped',
      'oriel: further bad lines are only counted',
      'oriel: no event has a value for v',
      'oriel: skipped 7 bad lines',
      '',
    ]);
    expect((await piped(LINES, ...ASKED, '--quiet')).err).toBe('');
  });

  test('what a terminal would obey is escaped where messages quote a line', async () => {
    const line = '{"at":1,"k":\r\u001b[2J\u009b31m\u202e';
    const { err } = await piped(`${line}\n`, ...ASKED);
    expect(err).toContain('\\u000d\\u001b[2J\\u009b31m\\u202e');
    expect(err).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    const strict = await piped(`${line}\n`, ...ASKED, '--strict');
    expect([strict.code, strict.err]).toEqual([1, err.split('\n')[0]?.replace('; skipped', '\n')]);
    const header = await piped('at,\u001b[2J\n1,2\n', '--from', 'csv', ...ASKED);
    expect(header.err).toContain('\\u001b[2J');
    expect(header.err).not.toContain('\u001b');
  });

  test('a line that only the stream refuses is found among the others', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `{"at":${i},"k":${i % 1000 === 500 ? '7' : '"a"'}}\n`).join(
      '',
    );
    const { out, err } = await piped(lines, '-t', 'at', '-k', 'k', '-w', '1d');
    expect(rowsOf(out)).toEqual([{ start: 0, end: 86_400_000, k: 'a', count: 4995 }]);
    expect(err).toContain('oriel: stdin:501: column "k": expected a string, as the keys before, got 7; skipped\n');
    expect(err).toContain('stdin:4501:');
    expect(err).toContain('skipped 5 bad lines\n');
  });

  test('a bad line ends a command that is --strict', async () => {
    const live = start(...ASKED, '--strict', '--idle', '1h');
    live.stdin?.write('no event\n');
    expect((await once(live, 'close'))[0]).toBe(1);
    const { out, err, code } = await piped(LINES, ...ASKED, '--strict');
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(/^oriel: stdin:2: not JSON/);
    const refused = await piped('k\na\n"b', '--from', 'csv', '-k', 'k', '-w', '1d', '--strict');
    expect(refused).toEqual({ out: '', err: 'oriel: stdin:3: Quoted field unterminated\n', code: 1 });
  });

  test('the command fails when memory is full', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `{"at":${i},"k":"key ${i}"}\n`).join('');
    const { err, code } = await piped(lines, '-t', 'at', '-k', 'k', '-w', '1d', '--memory', '1mb');
    expect(err).toMatch(/^oriel: stdin:\d+: no memory left for the windows\n$/);
    expect(code).toBe(1);
  });
});

describe('--follow', () => {
  const ASKED = ['-t', 'at', '-w', '10', '--follow', '-a', 'n = count(), s = sum(at)'];
  test('a file is followed as it grows, is cut short or is replaced, until an interrupt', async () => {
    const file = join(folder, await fileOf('log.ndjson', '{"at":1}\n{"at":2}\n{"at":1'));
    const child = start(...ASKED, 'log.ndjson');
    const closed = finishedRows(child);
    await appendFile(file, '1}\n');
    await closed.until(1);
    await truncate(file, 0);
    await appendFile(file, '{"at":21}\n');
    await closed.until(2);
    await rename(file, `${file}.1`);
    await appendFile(`${file}.1`, '{"at":22}');
    await writeFile(file, '{"at":31}\n{"at":32}\n');
    await closed.until(3);
    child.kill('SIGINT');
    const { rows, code, err } = await closed.end();
    expect(rows).toEqual([
      [0, 2],
      [10, 1],
      [20, 2],
      [30, 2],
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  /** Collects what a process writes. */
  function finishedRows(child: ChildProcess) {
    let out = '';
    let err = '';
    child.stdout?.on('data', (data) => {
      out += data;
    });
    child.stderr?.on('data', (data) => {
      err += data;
    });
    const closed = once(child, 'close');
    const rows = () => rowsOf(out).map(({ start, n }) => [start, n]);
    return {
      async until(n: number) {
        while (rows().length < n) await once(child.stdout as NodeJS.ReadableStream, 'data');
      },
      async end() {
        const [code] = await closed;
        return { rows: rows(), code, err };
      },
    };
  }
});

describe('a wrong command', () => {
  test.each([
    [['--window'], '--window: expected a value, got nothing'],
    [[], '--window: expected a window'],
    [['-w', '1m', '--windows', '2'], '--windows: no such option'],
    [['-w', '1m', '-w', '2m'], '--window: expected once'],
    [['-w', '1m', '--strict=yes'], '--strict: expected no value, got "yes"'],
    [['-w', '1m', '--to', 'xml'], '--to: expected table, ndjson, csv, arrow; got "xml"'],
    [['-w', '1m', '--key', 'a,,b'], '--key: expected different names'],
    [['-w', '1m', '--emit', 'often'], '--emit: expected final, updates or a length of time'],
    [['-w', '1m', '--delimiter', 'ab'], '--delimiter: expected one character'],
    [['-w', '1m', '--out-of-order', '2s'], '--out-of-order: expected nothing where events have no time'],
    [['-w', '1m', '-t', 'at', '--out-of-order', '2x'], '--out-of-order: expected a number of time units'],
    [['-w', '1m', '-t', 'at', '--memory', 'much'], '--memory: expected bytes'],
    [['-w', '1m', '-t', 'at', '-k', 'at'], '--key: expected a column that is neither the time'],
    [['-w', 'session(1m)', '--fill', 'zero'], "--fill: expected 'skip'"],
    [['-w', '1m', '-a', 'start = count()'], '--agg: start: expected a name'],
    [['-w', '1m', '--follow'], '--follow: expected one file, got stdin'],
    [['-w', '1m', '--follow', 'a', 'b'], '--follow: expected one file, got 2 of them'],
    [['-w', '1m', '--follow', 'a.csv.gz'], '--follow: expected lines that are added to a file'],
    [['-w', '1m', '--columns', 'a,b', 'a.ndjson'], '--columns: expected CSV, got ndjson'],
    [['-w', '1m', '--delimiter', ';'], '--delimiter: expected CSV, got ndjson'],
    [['-w', '1m', '--unit', 'none', '--iso'], '--iso: expected times that are dates'],
    [['-w', '1m', '--from', 'parquet'], '--from: expected ndjson or csv of stdin'],
  ])('%j is refused', async (args, message) => {
    const { out, err, code } = await oriel(...args);
    expect(err).toContain(`oriel: ${message}`);
    expect({ out, code }).toEqual({ out: '', code: 2 });
  });

  test('a file that cannot be read is named', async () => {
    expect(await oriel('-w', '1m', 'no.csv')).toEqual({
      out: '',
      err: 'oriel: no.csv: there is no such file\n',
      code: 1,
    });
    expect((await oriel('-w', '1m', '.')).err).toBe('oriel: .: expected a file, got a directory\n');
    await fileOf('no.parquet', 'PAR0');
    expect(await oriel('-w', '1m', 'no.parquet')).toMatchObject({
      err: expect.stringContaining('oriel: no.parquet: '),
      code: 1,
    });
    await fileOf('no.csv.gz', 'a,b');
    expect(await oriel('-w', '1m', 'no.csv.gz')).toMatchObject({
      err: expect.stringContaining('oriel: no.csv.gz: '),
      code: 1,
    });
  });
});

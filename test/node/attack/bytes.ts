/**
 * A campaign against what reads bytes from outside: the command's readers of NDJSON and CSV, and `oriel/arrow`. A round
 * takes texts of a corpus, mutates them as somebody would who knows the grammar, cuts the bytes anywhere, and windows
 * them. Laws:
 *
 *     a bad line is counted and left out, and every other line is in its window; JSON.parse and papaparse say which
 *     it does not matter where the bytes are cut
 *     of Arrow, what apache-arrow reads is what is taken; a call that fails has changed nothing and says why
 *     whatever comes, no other error is thrown than those that the command and the library document
 */

import { type Data, Float64, Int16, Int64, Table, tableFromIPC, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import Papa from 'papaparse';
import { expect } from 'vitest';
import { count, everything, OrielError, sum, windowed } from '../../../bindings';
import { pushArrow } from '../../../bindings/arrow';
import { feed } from '../../../bindings/cli/feed';
import { type Options, readOptions } from '../../../bindings/cli/options';
import { planOf, streamOf } from '../../../bindings/cli/plan';
import { BadLines } from '../../../bindings/cli/read/bad-lines';
import { decodeAll } from '../../../bindings/cli/read/chunks';
import { Batch } from '../../../bindings/cli/read/column-batch';
import { CsvDecoder } from '../../../bindings/cli/read/csv';
import type { Decoder, Task } from '../../../bindings/cli/read/decoder';
import { dateOf } from '../../../bindings/cli/read/fields';
import { NdjsonDecoder } from '../../../bindings/cli/read/ndjson';
import { UsageError } from '../../../bindings/cli/usage-error';
import type { Tally } from '../../attack/campaign';
import { random } from '../../support/helpers';

type Draw = () => number;
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
const below = (draw: Draw, n: number) => Math.floor(draw() * n);
const oneOf = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)] as T;

const SIZE = 1000;
const OUT_OF_ORDER = 9000 * 864e5;
export const ARGUMENTS = ['-t', 'at', '-k', 'user', '-w', '1s', '--out-of-order', '9000d', '-a'].concat(
  'n = count(), s = sum(ms), f = first(text("path"))',
);

/** An event as an oracle reads it. */
interface Event {
  at: number;
  user: string | number;
  ms: number;
  path: string | null;
}

/** What comes out of a text: the windows in any order, and the numbers of the lines that were left out. */
interface Outcome {
  windows: string[];
  bad: number[];
}

/** Runs the command's readers over bytes that are cut at random. */
async function outcomeOf(bytes: Buffer, draw: Draw, decoderOf: (task: Task) => Decoder): Promise<Outcome> {
  const plan = planOf(readOptions(ARGUMENTS) as Options);
  using stream = streamOf(plan, undefined);
  const bad: number[] = [];
  const badLines = new BadLines(false, () => {});
  badLines.add = (_, line) => void bad.push(line);
  const batch = new Batch(plan.fields);
  const task: Task = { file: 'stdin', fields: plan.fields, unit: 'ms', batch, badLines };
  const longest = oneOf(draw, [1, 7, 64, 4096, bytes.length + 1]);
  async function* pieces() {
    for (let at = 0, n = 0; at < bytes.length; at += n) {
      n = 1 + below(draw, longest);
      yield Buffer.from(bytes.subarray(at, at + n));
    }
  }
  const windows: string[] = [];
  const note = (rows: Iterable<object>) => {
    for (const row of rows) {
      const { start, user, n, s, f } = row as Record<string, unknown>;
      windows.push(windowOf(start as number, user as string, n as number, s as number, f as string));
    }
  };
  for await (const _ of decodeAll('stdin', pieces(), () => decoderOf(task))) {
    for (const results of feed(stream, batch, 'stdin', badLines)) note(results);
    batch.clear();
  }
  note(stream.close());
  return { windows: windows.sort(), bad: bad.sort((a, b) => a - b) };
}

/** Sums are compared to 12 digits, as they are added in another order. */
const windowOf = (start: number, user: string | number, n: number, s: number, f: string | null) =>
  JSON.stringify([start, user, n, Number.isFinite(s) ? Number(s.toPrecision(12)) : String(s), f]);

/** The windows of the events in time; the stream refuses times out of range and keys of another kind than the first. */
function windowsOf(events: readonly (Event & { line: number })[], bad: number[]): Outcome {
  limit ??= timeLimit();
  const isInRange = (at: number) => Math.abs(at) <= (limit as number);
  const groups = new Map<string, Event[]>();
  const kind = typeof events.find(({ at }) => isInRange(at))?.user;
  let newest = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    const { at, user, line } = event;
    if (!isInRange(at) || typeof user !== kind) {
      bad.push(line);
      continue;
    }
    newest = Math.max(newest, at);
    const start = Math.floor(at / SIZE) * SIZE;
    if (start + SIZE <= newest - OUT_OF_ORDER) continue;
    const name = JSON.stringify([start, user]);
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(event);
  }
  const windows = [...groups].map(([name, group]) => {
    const [start, user] = JSON.parse(name) as [number, string | number];
    const values = group.map(({ ms }) => ms).filter((ms) => !Number.isNaN(ms));
    const s = values.length ? values.reduce((a, b) => a + b, 0) : Number.NaN;
    const firsts = group.filter(({ path }) => path !== null).sort((a, b) => a.at - b.at);
    return windowOf(start, user, group.length, s, firsts[0]?.path ?? null);
  });
  return { windows: windows.sort(), bad: bad.sort((a, b) => a - b) };
}

let limit: number | undefined;

/** The greatest time that a stream of the command takes, as its refusal says. */
function timeLimit(): number {
  using stream = streamOf(planOf(readOptions(ARGUMENTS) as Options), undefined);
  let message = '';
  try {
    stream.advance(1e300);
  } catch (error) {
    ({ message } = error as Error);
  }
  return Number(/ and (\d+), got/.exec(message)?.[1]);
}

/** A line of JSON as docs/command-line.md reads it; undefined if it is bad, null if it is blank. */
function eventOfJson(text: string): Event | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trim() === '' ? null : undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const part = (name: string) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
  const [at, user, ms, path] = ['at', 'user', 'ms', 'path'].map(part);
  const time = typeof at === 'string' ? dateOf(at) : typeof at === 'number' ? at : Number.NaN;
  const number = ms === null || ms === undefined ? Number.NaN : typeof ms === 'boolean' ? Number(ms) : ms;
  const key = typeof user === 'boolean' ? String(user) : user;
  const isGood =
    Number.isFinite(time) &&
    (typeof key === 'string' || typeof key === 'number') &&
    typeof number === 'number' &&
    (path === null || path === undefined || typeof path === 'string');
  return isGood ? { at: time, user: key as string, ms: number as number, path: (path ?? null) as string } : undefined;
}

/** Lines of bytes as texts, without a byte order mark at the beginning; what is not UTF-8 becomes U+FFFD. */
function linesOf(bytes: Buffer): string[] {
  const lines: string[] = [];
  let at = bytes.indexOf('\ufeff') === 0 ? 3 : 0;
  for (let end = bytes.indexOf(10, at); end >= 0; at = end + 1, end = bytes.indexOf(10, at)) {
    lines.push(bytes.toString('utf8', at, end));
  }
  return [...lines, bytes.toString('utf8', at)];
}

/** What comes out of lines of JSON, by JSON.parse. */
function ofJson(bytes: Buffer): Outcome {
  const bad: number[] = [];
  const events = linesOf(bytes).flatMap((text, i) => {
    const event = eventOfJson(text);
    if (event === undefined) bad.push(i + 1);
    return event ? [{ ...event, line: i + 1 }] : [];
  });
  return windowsOf(events, bad);
}

/** Parses CSV with papaparse. Returns undefined if a quote is misplaced: RFC 4180 does not define that case. */
function ofCsv(bytes: Buffer): Outcome | undefined {
  const text = linesOf(bytes).join('\n');
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' });
  if (errors.length > 0) return undefined;
  const bad: number[] = [];
  const events: (Event & { line: number })[] = [];
  let names: string[] | undefined;
  let line = 1;
  for (const given of data) {
    const here = line;
    line += 1 + given.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
    const row = [...given.slice(0, -1), (given.at(-1) as string).replace(/\r$/, '')];
    if (row.length === 1 && row[0]?.trim() === '') continue;
    if (!names) {
      names = row.map((name) => name.trim());
      continue;
    }
    const cell = (name: string) => row[(names as string[]).indexOf(name)] as string;
    const [at, ms] = [cell('at'), cell('ms')];
    const number = at?.trim() ? Number(at) : Number.NaN;
    const time = Number.isNaN(number) ? dateOf(at) : number;
    const measure = ms?.trim() ? Number(ms) : Number.NaN;
    const isGood =
      row.length === names.length &&
      Number.isFinite(time) &&
      (!Number.isNaN(measure) || ms.trim() === '' || ms === 'NaN');
    if (isGood) events.push({ at: time, user: cell('user'), ms: measure, path: cell('path') || null, line: here });
    else bad.push(here);
  }
  return windowsOf(events, bad);
}

const JSON_LINES = [
  '{"at":1767268801000,"user":"ada","path":"/","status":200,"ms":12}',
  '{"at":"2026-01-01T12:00:09Z","user":"grace","path":"/login","status":200,"ms":48.5}',
  '{"at":"2026-01-01 12:00:31.250","user":"ada","path":null,"ms":true}',
  '{"user":"ada","path":"/ä€😀","ms":1e3,"at":1767268858000,"more":{"at":1,"list":[1,[2,{"user":"x"}]]}}',
  '{"at":0,"user":"\\u0061da","ms":-0}',
  ' { "at" : 5 , "user" : "a\\n\\"b" , "path" : "" } ',
  '{"at":7,"user":"constructor","__proto__":{"at":9},"path":"__proto__"}',
];
const JSON_VALUES = [
  ...[
    '0',
    '-0',
    '1.5',
    '1e400',
    '-1e-400',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    'NaN',
    '123456789012345678',
    '9007199254740993',
  ],
  ...[
    '"x"',
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"2026-02-30"',
    '"2026-01-01T00:00+02:00"',
    '"noon"',
    'null',
    'true',
    'nul',
  ],
  ...['{}', '[]', '[[]]', '{"at":1}', `${'['.repeat(9000)}${']'.repeat(9000)}`, `"${'x'.repeat(5000)}"`],
];
const CSV_LINES = [
  '1767268801000,ada,12,/',
  '2026-01-01T12:00:09Z,grace,48.5,/login',
  '2026-01-01 12:00:31.250,ada,,',
  '"5","a,b",1e3,"say ""hi"""',
  '7,"two\nlines", 8 ,ä€😀',
];
const CSV_VALUES = [
  ...['', ' ', '0', '-0', '1.5', '1e400', '0x1f', '1_0', 'NaN', 'Infinity', '01', '.5', '5.', '123456789012345678'],
  ...[
    '"',
    '""',
    '""""',
    '"a"b',
    'a"b"',
    '"\n"',
    '"\r\n"',
    '2026-02-30',
    '2026-01-01',
    'constructor',
    '\t',
    'x'.repeat(5000),
  ],
];
/** Bytes that readers look for, and some that are no text. */
const BYTES = [
  '\n',
  '\r',
  '\r\n',
  '"',
  ',',
  '{',
  '}',
  '[',
  ':',
  '\\',
  '\0',
  ' ',
  '\t',
  '\ufeff',
  '\u2028',
  '-',
  'e',
].map((text) => Buffer.from(text));
BYTES.push(Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xf0, 0x9f));

/** Replaces the value of one field of a line. */
function withValue(line: string, isJson: boolean, draw: Draw): string {
  if (!isJson) {
    const cells = line.split(',');
    cells[below(draw, cells.length)] = oneOf(draw, CSV_VALUES);
    return cells.join(',');
  }
  const values = [...line.matchAll(/:\s*("[^"]*"|[^,{}[\]\s]+)/g)];
  const { index, 0: found } = oneOf(draw, values);
  return `${line.slice(0, index)}:${oneOf(draw, JSON_VALUES)}${line.slice(index + found.length)}`;
}

/** Inserts, removes or repeats some bytes. */
function withBytes(bytes: Buffer, draw: Draw): Buffer<ArrayBuffer> {
  const at = below(draw, bytes.length + 1);
  const n = 1 + below(draw, 4);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const there = [oneOf(draw, BYTES), Buffer.alloc(0), Buffer.from(after.subarray(0, n))];
  const how = below(draw, 3);
  return Buffer.concat([before, there[how] as Buffer, how === 1 ? after.subarray(n) : after]);
}

/** Draws a text of the corpus with some mutations. */
export function textOf(isJson: boolean, draw: Draw): Buffer<ArrayBuffer> {
  const lines = Array.from({ length: 1 + below(draw, 30) }, () => {
    const line = oneOf(draw, isJson ? JSON_LINES : CSV_LINES);
    return draw() < 0.3 ? withValue(line, isJson, draw) : line;
  });
  const newline = oneOf(draw, ['\n', '\n', '\r\n']);
  if (!isJson) lines.unshift('at,user,ms,path');
  let bytes: Buffer<ArrayBuffer> = Buffer.from(lines.join(newline) + oneOf(draw, ['', newline]));
  for (let left = below(draw, 4); left > 0; left--) bytes = withBytes(bytes, draw);
  return bytes;
}

/** Whether the command may end with the error: then it says what is wrong with the whole input, and ends with 1. */
const isOfInput = (error: unknown) => error instanceof UsageError && error.exitCode === 1;

async function roundOfText(draw: Draw, tally: Tally): Promise<void> {
  const isJson = draw() < 0.5;
  const bytes = textOf(isJson, draw);
  tally.add('texts');
  tally.add('bytes', bytes.length);
  const decoderOf = (task: Task) => (isJson ? new NdjsonDecoder(task) : new CsvDecoder(task, ','));
  const outcome = () =>
    outcomeOf(bytes, draw, decoderOf).catch((error: Error) => {
      if (isOfInput(error)) return error.message;
      throw error;
    });
  const first = await outcome();
  expect(await outcome()).toEqual(first);
  if (typeof first === 'string') return;
  tally.add('bad lines', first.bad.length);
  const expected = isJson ? ofJson(bytes) : ofCsv(bytes);
  if (expected) expect(first).toEqual(expected);
}

/** Draws a table of events as its bytes give it. */
function tableOf(draw: Draw, tally: Tally): Table {
  const n = 1 + below(draw, 40);
  const users = Array.from({ length: n }, () => oneOf(draw, ['ada', 'grace', 'ä€😀', '']));
  const times = Array.from({ length: n }, () => below(draw, 1e6));
  const values = Array.from({ length: n }, () => (draw() < 0.2 ? null : below(draw, 100)));
  const table = new Table({
    at: draw() < 0.5 ? vectorFromArray(times, new Float64()) : vectorFromArray(times.map(BigInt), new Int64()),
    user: draw() < 0.5 ? vectorFromArray(users) : vectorFromArray(users, new Utf8()),
    ms: vectorFromArray(values, oneOf(draw, [new Float64(), new Int16()])),
  });
  const bytes = tableToIPC(table, oneOf(draw, ['stream', 'file']));
  tally.add('tables');
  tally.add('bytes', bytes.length);
  return tableFromIPC(bytes);
}

/** Damages what the bytes of a table hold besides its schema: a byte of an array, or the number of rows. */
function damage(table: Table, draw: Draw): void {
  for (const { data } of table.batches) {
    const chunk = oneOf(draw, data.children) as Mutable<Data>;
    const { values, valueOffsets, nullBitmap, dictionary } = chunk;
    const arrays = [values, valueOffsets, nullBitmap, dictionary?.data[0]?.values, dictionary?.data[0]?.valueOffsets];
    const array = oneOf(
      draw,
      arrays.filter((one) => one?.length > 0),
    );
    if (draw() < 0.2) chunk.length += 1 + below(draw, 1000);
    else
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength)[below(draw, array.byteLength)] = below(
        draw,
        256,
      );
  }
}

/** The sums by user that apache-arrow's own cells give; undefined if they are no events, or cannot be read. */
function ofCells(table: Table): string[] | undefined {
  try {
    const sums = new Map<string, [n: number, s: number]>();
    for (const row of table) {
      const { at, user, ms } = row as unknown as { at: unknown; user: unknown; ms: unknown };
      if (!(Math.abs(Number(at)) <= 1e12) || at === null || typeof user !== 'string') return undefined;
      if (ms !== null && typeof ms !== 'number') return undefined;
      const sum = sums.get(user) ?? [0, Number.NaN];
      if (typeof ms === 'number' && !Number.isNaN(ms)) sum[1] = (Number.isNaN(sum[1]) ? 0 : sum[1]) + ms;
      sum[0]++;
      sums.set(user, sum);
    }
    return [...sums].map(([user, [n, s]]) => windowOf(0, user, n, s, null)).sort();
  } catch {
    return undefined;
  }
}

function roundOfArrow(draw: Draw, tally: Tally): void {
  const table = tableOf(draw, tally);
  const isDamaged = draw() < 0.7;
  if (isDamaged) damage(table, draw);
  using stream = windowed({
    time: 'at',
    key: 'user',
    window: everything(),
    aggregates: { n: count(), s: sum('ms') },
    outOfOrder: 1e13,
  });
  try {
    pushArrow(stream, table);
  } catch (error) {
    if (!(error instanceof OrielError && isDamaged)) throw error;
    tally.add('tables refused');
    expect(stream.stats().events).toBe(0);
    return;
  }
  const expected = ofCells(table);
  const rows = [...stream.close()].map(({ user, n, s }) => windowOf(0, user as string, n, s, null));
  if (expected) expect(rows.sort()).toEqual(expected);
}

/** The round of a seed; see above. */
export async function bytes(seed: number, tally: Tally): Promise<void> {
  const draw = random(seed);
  if (draw() < 0.75) await roundOfText(draw, tally);
  else roundOfArrow(draw, tally);
}

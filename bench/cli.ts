/**
 * Compares the command with other programs that answer the same query on a file: `npm run bench:cli` uses ten million
 * lines, `--quick` one million, `--lines 1e5` any other number. Each answer is timed as a whole process, and all
 * answers must be equal.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { uniform } from './data';
import { median } from './report';

interface Outcome {
  seconds: number;
  cpuSeconds: number;
  megabytes: number;
}

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, lines: { type: 'string' } } });
const lines = Number(values.lines ?? (values.quick ? 1e6 : 1e7));
const ROUNDS = 3;

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const QUESTION = [
  '-t',
  'at',
  '-k',
  'user',
  '-w',
  '10m',
  '-a',
  'visits = count(), bytes = sum(bytes), slowest = max(ms)',
];
const peer = (who: string) => (file: string, answers: string) => run([path('peers/lines.mjs'), who, file, answers]);
const contenders = {
  oriel: (file: string, answers: string) => run([path('../dist/cli.js'), ...QUESTION, '--to', 'csv', file], answers),
  DuckDB: peer('duckdb'),
  'nodejs-polars': peer('polars'),
  'readline and a Map': peer('plain'),
};

const folder = await mkdtemp(join(tmpdir(), 'oriel-bench-'));
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}`);
  console.log(`${lines.toLocaleString('en')} lines, medians of ${ROUNDS}`);
  for (const [format, file] of Object.entries(await generate(folder, lines))) {
    console.log(`\n${format}, ${Math.round((await stat(file)).size / 1e6)} MB`);
    await compare(file);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function compare(file: string): Promise<void> {
  const outcomes = Object.keys(contenders).map((): Outcome[] => []);
  let expected: string[] | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [name, answer]] of Object.entries(contenders).entries()) {
      const answers = join(folder, 'answers');
      outcomes[i]?.push(await answer(file, answers));
      const given = answersIn(answers);
      expected ??= given;
      if (given.length !== expected.length || given.some((one, a) => one !== expected?.[a])) {
        throw new Error(`${name} has other answers`);
      }
    }
  }
  console.log(
    `| ${expected?.length.toLocaleString('en')} answers | seconds | lines a second | | processor, s | memory, MB |`,
  );
  console.log('|---|---|---|---|---|---|');
  const first = median((outcomes[0] as Outcome[]).map(({ seconds }) => seconds));
  for (const [i, name] of Object.keys(contenders).entries()) {
    const of = (field: keyof Outcome) => median((outcomes[i] as Outcome[]).map((outcome) => outcome[field]));
    const seconds = of('seconds');
    const rate = Math.round(lines / seconds).toLocaleString('en');
    const usage = `${of('cpuSeconds').toFixed(2)} | ${Math.round(of('megabytes'))}`;
    console.log(`| ${name} | ${seconds.toFixed(2)} | ${rate} | ${(seconds / first).toFixed(2)}x | ${usage} |`);
  }
}

/** Runs a Node program to its end and measures it. */
async function run(program: string[], output?: string): Promise<Outcome> {
  const before = performance.now();
  const stdout = output ? openSync(output, 'w') : 'inherit';
  const child = spawn(process.execPath, ['--import', path('peers/usage.mjs'), ...program], {
    stdio: ['ignore', stdout, 'inherit', 'pipe'],
  });
  const [usage, [code]] = await Promise.all([text(child.stdio[3] as NodeJS.ReadableStream), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${program.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - before) / 1000, ...JSON.parse(usage) };
}

/** Start, user and aggregates of every window, in a common order and notation. */
function answersIn(file: string): string[] {
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  // The command also writes the end of each window.
  const answers = rows[0]?.[0] === 'start' ? rows.slice(1).map(([start, , ...others]) => [start, ...others]) : rows;
  return answers.map(([start, user, ...others]) => [Number(start), user, ...others.map(Number)].join()).sort();
}

/** Writes requests of a thousand users, in order of time, as NDJSON and CSV. */
async function generate(folder: string, lines: number): Promise<Record<'NDJSON' | 'CSV', string>> {
  const random = uniform(1);
  const files = { NDJSON: join(folder, 'events.ndjson'), CSV: join(folder, 'events.csv') };
  const streams = [createWriteStream(files.NDJSON), createWriteStream(files.CSV)];
  const paths = ['/', '/login', '/cart', '/health', '/item/1', '/item/2'];
  let at = Date.UTC(2026, 0, 1);
  let texts = ['', 'at,user,path,status,bytes,ms\n'];
  for (let i = 0; i < lines; i++) {
    at += Math.floor(random() * 10);
    const event = {
      at,
      user: `user-${Math.floor(random() * 1000)}`,
      path: paths[Math.floor(random() * paths.length)],
      status: random() < 0.02 ? 500 : 200,
      bytes: Math.floor(random() * 5000),
      ms: Math.round(-Math.log(1 - random()) * 2000) / 100,
    };
    texts[0] += `${JSON.stringify(event)}\n`;
    texts[1] += `${Object.values(event).join()}\n`;
    if ((i + 1) % 10_000 && i + 1 < lines) continue;
    await Promise.all(streams.map((stream, s) => stream.write(texts[s]) || once(stream, 'drain')));
    texts = ['', ''];
  }
  await Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
  return files;
}

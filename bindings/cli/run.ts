/** Runs a command from its first line to its last result. */

import { createWriteStream } from 'node:fs';
import type { Window } from 'oriel';
import { explain } from './explain';
import { feed, type Results, type Stream } from './feed';
import type { Format, Options, Output } from './options';
import { type Plan, planOf, streamOf } from './plan';
import { Progress } from './progress';
import { BadLines } from './read/bad-lines';
import { decodeAll } from './read/chunks';
import { Batch } from './read/column-batch';
import { CsvDecoder } from './read/csv';
import type { Decoder, Step, Task } from './read/decoder';
import { followed, piecesOf, withPauses } from './read/files';
import { NdjsonDecoder } from './read/ndjson';
import { list, printable, UsageError } from './usage-error';
import { OutputStream } from './write/output';
import { writerOf } from './write/writers';

/** After this long without input the clock is checked. */
const IDLE_MS = 500;

/** @returns the process's exit code @throws {UsageError} */
export async function run(options: Options): Promise<number> {
  const plan = planOf(options);
  checkFormats(options);
  const to = options.to ?? (process.stdout.isTTY ? 'table' : 'ndjson');
  if (options.explain) {
    process.stdout.write(explain(options, plan, to, Object.keys(streamOf(plan, undefined).close().columns)));
    return 0;
  }

  const stop = new AbortController();
  const interrupt = () => (stop.signal.aborted ? process.exit(130) : stop.abort('interrupt'));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const out = new OutputStream('stdout', process.stdout, () => stop.abort('gone'));
  const late = options.late === undefined ? undefined : new OutputStream(options.late, createWriteStream(options.late));

  const progress = new Progress(process.stderr.isTTY && !options.quiet, (text) => process.stderr.write(text));
  await progress.measure(options.files);
  const say = (line: string) => {
    progress.clear();
    if (!options.quiet) process.stderr.write(`oriel: ${printable(line)}\n`);
  };
  const badLines = new BadLines(options.strict, say);

  const times = timesOf(options, plan, to);
  const writer = to === 'arrow' ? await (await import('./write/arrow-stream')).arrowWriter(times) : writerOf(to, times);
  const lateWriter = writerOf('ndjson', options.iso ? new Set([options.time as string]) : new Set());
  let lateLines = '';
  const stream = streamOf(plan, late && ((batch) => (lateLines += lateWriter.write(batch))));
  const write = async (results: Results) => {
    const text = writer.write(results);
    if (text.length && process.stdout.isTTY) progress.clear();
    await out.write(text);
    if (!late || !lateLines) return;
    await late.write(lateLines);
    lateLines = '';
  };

  const batch = new Batch(plan.fields);
  try {
    for (const file of options.files) {
      const task = { file: file === '-' ? 'stdin' : file, fields: plan.fields, unit: options.unit, batch, badLines };
      for await (const { bytes, lines } of stepsOf(file, task, options, stop.signal)) {
        for (const results of feed(stream, batch, task.file, badLines)) await write(results);
        batch.clear();
        progress.bytes += bytes;
        progress.lines += lines;
        progress.show(badLines.count);
        if (stop.signal.aborted) break;
      }
      if (stop.signal.aborted) break;
    }
    await write(stream.close());
    await out.write(writer.end());
    await out.flush();
    await late?.end();
  } finally {
    progress.clear();
    // Stops reading files that are still open.
    stop.abort('done');
  }
  const { reason } = stop.signal;
  if (reason === 'gone') return 0;
  const unseen = batch.unseen;
  if (stream.stats().events > 0 && unseen.length > 0) say(`no event has a value for ${list(unseen)}`);
  const missing = skippedOf(stream, badLines.count);
  if (missing) say(missing);
  // With --follow an interrupt is the only end.
  return reason === 'interrupt' && !options.follow ? 130 : 0;
}

/** @throws {UsageError} for options that do not apply to the format of the files */
function checkFormats({ files, from, follow, columns, delimiter }: Options): void {
  const formats = files.map((file) => from ?? formatOf(file));
  if (follow && (formats.includes('parquet') || files.some((file) => file.endsWith('.gz')))) {
    throw new UsageError(`--follow: expected lines that are added to a file, got ${list(files)}`);
  }
  if ((columns || delimiter) && !formats.includes('csv')) {
    throw new UsageError(
      `--${columns ? 'columns' : 'delimiter'}: expected CSV, got ${list(new Set(formats))}; see --from`,
    );
  }
}

/** Reads a file step by step. */
function stepsOf(file: string, task: Task, options: Options, signal: AbortSignal): AsyncGenerator<Step> {
  const format = options.from ?? formatOf(file);
  if (format === 'parquet') return parquetOf({ ...task, file }, signal);
  const decoderOf = (): Decoder => {
    if (format === 'ndjson') return new NdjsonDecoder(task);
    const delimiter = options.delimiter ?? (/\.tsv(\.gz)?$/i.test(file) ? '\t' : ',');
    return new CsvDecoder(task, delimiter, options.columns);
  };
  const pieces = options.follow ? followed(file, signal) : piecesOf(file, signal);
  const hasClock = options.time === undefined || options.idle !== undefined;
  return decodeAll(task.file, hasClock && file === '-' ? withPauses(pieces, IDLE_MS) : pieces, decoderOf);
}

async function* parquetOf(task: Task, signal: AbortSignal): AsyncGenerator<Step> {
  const { readParquet } = await import('./read/parquet');
  yield* readParquet(task, signal);
}

function formatOf(file: string): Format {
  if (/\.(parquet|pq)$/i.test(file)) return 'parquet';
  return /\.(csv|tsv)(\.gz)?$/i.test(file) ? 'csv' : 'ndjson';
}

/** The columns of results to be written as dates. */
function timesOf({ iso, unit, time = 'time' }: Options, { spec }: Plan, to: Output): Set<string> {
  if (!iso && (to !== 'table' || unit === 'none')) return new Set();
  // A record of windows may have one called kind.
  const isOne = typeof spec.window.kind === 'string';
  const windows = isOne ? [spec.window as Window] : Object.values(spec.window as Record<string, Window>);
  return new Set(windows.some(({ kind }) => kind === 'rolling') ? ['start', 'end', time] : ['start', 'end']);
}

/** Says which lines and events are in no result; empty if there are none. */
function skippedOf(stream: Stream, badLines: number): string {
  const { late, skipped, future } = stream.stats();
  const parts = [
    counted(badLines, 'bad line'),
    counted(late, 'late event'),
    counted(skipped, 'event', ' in no window'),
    counted(future, 'event', ' too far ahead'),
  ].flat();
  const hint = late ? '; see --out-of-order' : '';
  return parts.length ? `skipped ${parts.join(', ')}${hint}` : '';
}

function counted(n: number, noun: string, rest = ''): string[] {
  return n ? [`${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}${rest}`] : [];
}

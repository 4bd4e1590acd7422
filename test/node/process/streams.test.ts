/** Catches `over` and `transform` that break among streams of Node, or keep a process from ending. */

import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { count, type OrielError, tumbling, type WindowBatch, windowed } from '../../../bindings';
import { rowsOf } from '../../support/sources';

type Counted = { start: number; end: number; n: number };

function tens() {
  const stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  onTestFinished(() => stream[Symbol.dispose]());
  return stream;
}

const EVENTS = Array.from({ length: 5000 }, (_, i) => ({ t: i }));
const WANTED = Array.from({ length: 500 }, (_, w) => ({ start: 10 * w, end: 10 * w + 10, n: 10 }));

/** A Node stream that keeps the rows of the batches that it gets. */
function keeper(): { rows: Counted[]; sink: Writable } {
  const rows: Counted[] = [];
  const sink = new Writable({
    objectMode: true,
    write(batch: WindowBatch<Counted>, _, done) {
      rows.push(...batch);
      // A file is written as slowly.
      setImmediate(done);
    },
  });
  return { rows, sink };
}

test('a Readable is a source, as it is and as a web stream', async () => {
  expect(await rowsOf(tens().over(Readable.from(EVENTS)))).toEqual(WANTED);
  const web = Readable.toWeb(Readable.from(EVENTS)) as NodeReadableStream<{ t: number }>;
  expect(await rowsOf(tens().over(web))).toEqual(WANTED);
});

test('a Readable is destroyed when its reader leaves, and when an item is no event', async () => {
  const left = Readable.from(EVENTS);
  for await (const batch of tens().over(left)) if (batch.length > 0) break;
  expect(left.destroyed).toBe(true);
  const wrong = Readable.from([{ t: 1 }, Buffer.from('{"t":2}'), ...EVENTS]);
  await expect(rowsOf(tens().over(wrong as AsyncIterable<never>))).rejects.toThrow('item 1 of the source');
  expect(wrong.destroyed).toBe(true);
});

test('a Readable that has nothing more to give is destroyed at once when its reader leaves', async () => {
  const source = new PassThrough({ objectMode: true });
  for (const t of [1, 12]) source.write({ t });
  for await (const batch of tens().over(source)) if (batch.length > 0) break;
  expect(source.destroyed).toBe(true);
});

test('an error in a Readable is thrown', async () => {
  const failure = new Error('no more');
  const source = async function* () {
    yield* EVENTS;
    throw failure;
  };
  const stream = tens();
  const rows: Counted[] = [];
  const run = async () => {
    for await (const batch of stream.over(Readable.from(source()))) rows.push(...batch);
  };
  await expect(run()).rejects.toBe(failure);
  // A Readable that fails drops the items that it has read ahead.
  const { events } = stream.stats();
  rows.push(...stream.close());
  expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(events);
});

test('web streams made of Node streams can be piped through a transform', async () => {
  const { rows, sink } = keeper();
  const source = Readable.toWeb(Readable.from(EVENTS)) as ReadableStream<{ t: number }>;
  await source.pipeThrough(tens().transform()).pipeTo(Writable.toWeb(sink));
  expect(rows).toEqual(WANTED);
});

test('a transform is a step of a pipeline, as a Duplex and as it is', async () => {
  for (const adapted of [true, false]) {
    const { rows, sink } = keeper();
    const pair = tens().transform() as never;
    await pipeline(Readable.from(EVENTS), adapted ? Duplex.fromWeb(pair, { objectMode: true }) : pair, sink);
    expect(rows).toEqual(WANTED);
  }
});

test('a pipeline that fails ends as a whole, and the stream goes on', async () => {
  const stream = tens();
  const source = Readable.from([...EVENTS, { t: null }, { t: 9999 }]);
  const { rows, sink } = keeper();
  const step = Duplex.fromWeb(stream.transform() as never, { objectMode: true });
  const error = await pipeline(source, step, sink).catch((thrown: OrielError) => thrown);
  expect(error).toMatchObject({ code: 'ERR_ORIEL_TIME', message: expect.stringContaining('item 5000 of the source') });
  expect([source.destroyed, sink.destroyed]).toEqual([true, true]);
  // The sink may not have got the last batches before the failure, so any prefix is right.
  expect(rows).toEqual(WANTED.slice(0, rows.length));
  expect(stream.stats().events).toBe(5000);
  expect([...stream.close()].at(-1)).toEqual(WANTED.at(-1));
});

test('a Duplex that is destroyed releases the stream', async () => {
  const stream = tens();
  const step = Duplex.fromWeb(stream.transform() as never, { objectMode: true });
  step.write({ t: 1 });
  step.write({ t: 12 });
  const [batch] = (await once(step, 'data')) as [WindowBatch<Counted>];
  expect(batch.toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
  step.destroy();
  await once(step, 'close');
  stream.push({ t: 15 });
  expect(stream.close().toArray()).toEqual([{ start: 10, end: 20, n: 2 }]);
});

test('no listener stays on a signal after the end', async () => {
  const { signal } = new AbortController();
  await rowsOf(tens().over(EVENTS, { signal }));
  for await (const batch of tens().over(EVENTS, { signal })) if (batch.length > 0) break;
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test.each([
  [
    'with a source that never gives anything',
    'const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };',
    [],
  ],
  [
    'when its source is over',
    'const source = (async function* () { for (const t of [1, 15]) yield { t }; })();',
    [1, 1],
  ],
])('a process does not wait for windows that only time could fire, %s', async (_, source, wanted) => {
  const program = `
    import { count, tumbling, windowed } from 'oriel';
    const stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, idle: '1h' });
    ${source}
    const given = [];
    process.on('exit', () => console.log(JSON.stringify(given)));
    (async () => { for await (const { columns } of stream.over(source)) given.push(...columns.n); })();`;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const options = { cwd, timeout: 15_000, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], options);
  expect(JSON.parse(stdout)).toEqual(wanted);
});

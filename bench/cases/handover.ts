/**
 * Two ways to get the results of a take from a worker to its owner: columns transferred with a message, or columns
 * copied through shared memory, as a ring would do it, with `Atomics` to signal instead of messages. Both start with
 * columns of the worker and end with columns of the owner.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Cell, Fact } from '../contest';
import { median } from '../report';

const COLUMNS = 6;
/** Rows of a take, and how often it is timed. */
const ROUNDS = [
  [1, 2000],
  [100, 2000],
  [10_000, 400],
  [1_000_000, 20],
] as const;

/**
 * Answers a message with transferred columns. A message with `rounds` starts that many rounds in shared memory: in each
 * the worker waits until the owner raises word 0, copies its columns into the memory, and raises word 1.
 */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const [words, memory] = [new Int32Array(workerData.words), new Float64Array(workerData.memory)];
let own = [];
parentPort.on('message', ({ rows, rounds }) => {
  if (own[0]?.length !== rows) own = Array.from({ length: ${COLUMNS} }, () => new Float64Array(rows).fill(1));
  if (!rounds) {
    const columns = own.map((column) => column.slice());
    parentPort.postMessage(columns, columns.map(({ buffer }) => buffer));
  }
  for (let i = 0; i < rounds; i++) {
    while (Atomics.load(words, 0) === i) Atomics.wait(words, 0, i, 1000);
    own.forEach((column, c) => memory.set(column, c * rows));
    Atomics.store(words, 1, i + 1);
    Atomics.notify(words, 1);
  }
});`;

/** Node has `Atomics.waitAsync`; TypeScript declares it only from ES2024 on. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(words: Int32Array, at: number, value: number, timeoutMs: number): { value: Promise<string> | string };
};

interface Pair {
  worker: Worker;
  words: Int32Array<SharedArrayBuffer>;
  memory: Float64Array<SharedArrayBuffer>;
}

async function transferred({ worker }: Pair, rows: number): Promise<void> {
  worker.postMessage({ rows, rounds: 0 });
  await once(worker, 'message');
}

/** Runs round number `round` of those that the worker was asked for; returns copies of its columns. */
async function copied({ words, memory }: Pair, rows: number, round: number): Promise<Float64Array[]> {
  Atomics.store(words, 0, round + 1);
  Atomics.notify(words, 0);
  while (Atomics.load(words, 1) === round) await waitAsync(words, 1, round, 1000).value;
  return Array.from({ length: COLUMNS }, (_, c) => memory.slice(c * rows, (c + 1) * rows));
}

async function timed(rounds: number, run: (round: number) => Promise<unknown>): Promise<number> {
  const spent: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    await run(round);
    spent.push(1000 * (performance.now() - before));
  }
  return median(spent);
}

async function facts(): Promise<Fact[]> {
  const all: Fact[] = [];
  for (const [rows, rounds] of ROUNDS) {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const memory = new Float64Array(new SharedArrayBuffer(8 * COLUMNS * rows));
    const workerData = { words: words.buffer, memory: memory.buffer };
    const pair = { worker: new Worker(WORKER, { eval: true, execArgv: [], workerData }), words, memory };
    await timed(rounds, () => transferred(pair, rows));
    const hands = await timed(rounds, () => transferred(pair, rows));
    pair.worker.postMessage({ rows, rounds });
    const copies = await timed(rounds, (round) => copied(pair, rows, round));
    await pair.worker.terminate();
    const name = `${rows} rows of ${COLUMNS} columns`;
    all.push({ name: `${name}, transferred`, value: hands, unit: 'µs' });
    all.push({ name: `${name}, copied through shared memory`, value: copies, unit: 'µs' });
  }
  return all;
}

export const handover: Cell[] = [{ name: 'handover', title: 'results of a worker, to the owner of the stream', facts }];

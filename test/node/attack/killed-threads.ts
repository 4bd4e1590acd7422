/**
 * Producers and workers that are ended at random while they write. What a producer gave before its end is in the
 * results, in order and whole; a stream whose worker has died says so, and never waits; a bystander notices nothing.
 */

import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import {
  count,
  OrielError,
  type ProducerHandle,
  producer,
  sum,
  tumbling,
  type WindowedWorker,
  windowedWorker,
} from '../../../bindings';
import type { Tally } from '../../attack/campaign';
import { type Chance, chanceOf } from '../../attack/hostile-values';
import { random } from '../../support/helpers';
import { later } from '../../support/waiting';

const DIST = new URL('../../../dist/', import.meta.url).href;
const SPEC = { time: 't', key: 'k', window: tumbling(1000), aggregates: { n: count(), s: sum('v') } } as const;
/** How long a call may take. The machine may be busy. */
const PATIENCE_MS = 30_000;

/** A thread that pushes events numbered from 0 on, of a key of its own, in batches of random sizes. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { handle, key, events, seed } = workerData;
  let state = seed;
  const below = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
  import(${JSON.stringify(`${DIST}index.js`)}).then(async ({ producer }) => {
    const out = producer(handle);
    parentPort.postMessage('begun');
    for (let i = 0; i < events; ) {
      const n = Math.min(1 + below(5000), events - i);
      const t = Float64Array.from({ length: n }, (_, j) => i + j);
      const k = new Array(n).fill(key);
      for (let sent = 0; sent < n; ) {
        sent += below(4) ? out.pushColumns({ t, k, v: t }, sent) : out.push({ t: i + sent, k: key, v: i + sent });
        if (sent < n) await out.ready();
      }
      i += n;
    }
    out.close();
    parentPort.postMessage('ended');
  });`;

/** Waits for a promise, but not for ever. @throws if it does not settle in time */
async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not end within ${PATIENCE_MS / 1000} seconds`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A thread of a producer. */
class Source {
  readonly thread: Worker;
  readonly ended: Promise<'ended' | 'killed'>;
  readonly begun: Promise<void>;

  constructor(
    readonly handle: ProducerHandle,
    readonly key: string,
    readonly events: number,
    seed: number,
  ) {
    const transferList = handle.transfer as never[];
    this.thread = new Worker(PROGRAM, { eval: true, workerData: { handle, key, events, seed }, transferList });
    let begin = (): void => undefined;
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    this.ended = new Promise((resolve, reject) => {
      this.thread.on('message', (word) => (word === 'begun' ? begin() : resolve('ended')));
      this.thread.on('error', reject);
      this.thread.on('exit', () => resolve('killed'));
    });
    this.ended.finally(begin).catch(() => undefined);
  }
}

/** A stream with its threads, and what it has given. */
class Threads {
  readonly workers: Worker[] = [];
  readonly sources: Source[] = [];
  readonly rows: { k: unknown; n: number; s: number }[] = [];
  stream!: WindowedWorker<typeof SPEC>;

  async open(chance: Chance, transport: 'shared' | 'transferred', parallelism: number, events: number): Promise<this> {
    const worker = () => {
      const one = new Worker(new URL('worker.js', DIST));
      this.workers.push(one);
      return one as never;
    };
    this.stream = await soon('start', windowedWorker(SPEC, { transport, parallelism, worker }));
    for (let i = 0; i < 1 + chance.below(3); i++) {
      const handle = await soon('producer', this.stream.producer());
      this.sources.push(new Source(handle, `k${i}`, events, chance.below(2 ** 30)));
    }
    return this;
  }

  async take(): Promise<void> {
    this.rows.push(...(await soon('take', this.stream.take())));
  }

  async close(): Promise<void> {
    this.rows.push(...(await soon('close', this.stream.close())));
  }

  /** Expects of each producer the first of its events, and all of them if it reached its end. Returns their number. */
  async check(): Promise<number> {
    let total = 0;
    for (const { key, events, ended } of this.sources) {
      const mine = this.rows.filter(({ k }) => k === key);
      const n = mine.reduce((sum, row) => sum + row.n, 0);
      const s = mine.reduce((sum, row) => sum + row.s, 0);
      // The sum of the numbers below n.
      expect([key, s]).toEqual([key, (n * n - n) / 2]);
      if ((await ended) === 'ended') expect([key, n]).toEqual([key, events]);
      total += n;
    }
    return total;
  }

  async end(): Promise<void> {
    await soon('dispose', this.stream[Symbol.asyncDispose]());
    await Promise.all(this.sources.map(({ thread }) => thread.terminate()));
  }
}

/** Kills some of the producers, and goes on with the others. */
async function killProducers(chance: Chance, threads: Threads, transport: string, tally: Tally): Promise<void> {
  for (const { thread, handle, begun } of threads.sources) {
    if (chance.below(3) === 0) continue;
    if (chance.below(4)) await soon('begin', begun);
    await later(chance.below(30));
    await thread.terminate();
    tally.add('kills');
    // Only the owner can tell that a thread that shared its memory is gone.
    if (transport === 'shared') producer(handle).close();
    await threads.take();
  }
  await soon('producers', Promise.all(threads.sources.map(({ ended }) => ended)));
  await threads.take();
  await threads.close();
  tally.add('events', await threads.check());
}

/** Kills a worker of the stream: every call says so, and no producer waits for it. */
async function killWorker(chance: Chance, threads: Threads, tally: Tally): Promise<void> {
  const { stream, workers, sources } = threads;
  await later(chance.below(60));
  const waiting = chance.below(2) ? stream.take().catch(codeOf) : undefined;
  await chance.pick(workers).terminate();
  tally.add('kills');
  if (waiting) await soon('take', waiting);
  const calls: (() => Promise<unknown>)[] = [
    () => stream.take(),
    () => stream.stats(),
    () => stream.query('k0'),
    () => stream.close(),
  ];
  for (const call of calls) expect(await soon('call', call().catch(codeOf))).toBe('ERR_ORIEL_THREAD');
  // Their next call is refused, which ends their threads with that error.
  const ends = sources.map(({ ended }) => ended.catch((error) => expect(error.code).toBe('ERR_ORIEL_CLOSED')));
  await soon('producers', Promise.all(ends));
}

function codeOf(error: unknown): string {
  if (error instanceof OrielError) return error.code;
  throw error;
}

/** Runs a stream whose threads are killed, and one beside it whose threads are not. */
export async function killedThreads(seed: number, tally: Tally): Promise<void> {
  const chance = chanceOf(random(seed));
  const transport = chance.pick(['shared', 'transferred'] as const);
  const victim = new Threads();
  const bystander = new Threads();
  try {
    await victim.open(chance, transport, 1 + chance.below(3), 200_000);
    await bystander.open(chance, chance.pick(['shared', 'transferred']), 1 + chance.below(2), 30_000);
    if (chance.below(3)) await killProducers(chance, victim, transport, tally);
    else await killWorker(chance, victim, tally);
    await soon('bystanders', Promise.all(bystander.sources.map(({ ended }) => ended)));
    await bystander.take();
    await bystander.close();
    tally.add('events', await bystander.check());
  } finally {
    await victim.end();
    await bystander.end();
  }
  tally.add('streams', 2);
}

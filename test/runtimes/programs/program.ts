/** What every runtime does with the package: it pushes the same events by every input, and gives the results. */

import { COUNT, EVERY, type Event, eventOf, OUT_OF_ORDER, SIZE } from './events.js';

export type Oriel = Omit<typeof import('oriel/slim'), 'init'>;

/** A thread that runs `thread.ts`. */
export interface Thread {
  post(message: unknown, transfer: never[]): void;
  /** Resolves when the thread says that it has finished. */
  said: Promise<void>;
  end(): void;
}

type Start = () => Promise<Thread>;
type Input = (typeof INPUTS)[number];

/** What takes events: a stream, a stream in a worker, or a producer. */
interface Target {
  push(event: Event): unknown;
  pushRows(events: Event[]): unknown;
  pushColumns(columns: { [C in keyof Event]: Event[C][] }): unknown;
  claim(n: number): Record<keyof Event, Record<number, number>> & { at: Float64Array };
  keyId(key: string): number;
  commit(n: number): void;
}

const INPUTS = ['push', 'pushRows', 'pushColumns', 'claim'] as const;
export const events = Array.from({ length: COUNT }, (_, i) => eventOf(i));

export function specOf({ col, count, hopping, max, sum }: Oriel) {
  const worth = col('price').mul(col('qty'));
  return {
    time: 'at',
    key: 'user',
    window: hopping(SIZE, EVERY),
    aggregates: {
      n: count(),
      quantities: count('qty'),
      high: max('price'),
      worth: sum(worth),
      dear: count().where(worth.gte(2000).and(col('qty').ne(3))),
    },
    outOfOrder: OUT_OF_ORDER,
  } as const;
}

/** Pushes events to a target that has room for all of them. */
function give(input: Input, target: Target, rows: Event[]): void {
  if (input === 'push') for (const row of rows) target.push(row);
  if (input === 'pushRows') target.pushRows(rows);
  if (input === 'pushColumns') target.pushColumns(columnsOf(rows));
  for (let i = 0; input === 'claim' && i < rows.length; ) {
    const claim = target.claim(Math.min(100, rows.length - i));
    const n = claim.at.length;
    rows.slice(i, i + n).forEach(({ at, user, price, qty }, j) => {
      claim.at[j] = at;
      claim.user[j] = target.keyId(user);
      claim.price[j] = price;
      claim.qty[j] = qty ?? Number.NaN;
    });
    target.commit(n);
    i += n;
  }
}

export function columnsOf(rows: Event[]) {
  return {
    at: rows.map((row) => row.at),
    user: rows.map((row) => row.user),
    price: rows.map((row) => row.price),
    qty: rows.map((row) => row.qty),
  };
}

/** Runs streams on this thread: one for each input, one of the calendar, and one with a wrong spec. */
export function onOneThread(oriel: Oriel) {
  const inputs = INPUTS.map((input) => {
    const stream = oriel.windowed(specOf(oriel));
    const rows = [];
    for (let i = 0; i < COUNT; i += 500) {
      give(input, stream as unknown as Target, events.slice(i, i + 500));
      rows.push(...stream.take());
    }
    const { late } = stream.stats();
    rows.push(...stream.close());
    return { input, late, rows };
  });
  return { inputs, days: daysOf(oriel), refused: refusalOf(oriel) };
}

/** Counts the hours of four days in Berlin, the second of which has 23. */
function daysOf({ calendar, count, tumbling, windowed }: Oriel) {
  const days = windowed({
    time: 'at',
    window: tumbling(calendar(1, 'day', 'Europe/Berlin')),
    aggregates: { hours: count() },
  });
  days.pushRows(Array.from({ length: 95 }, (_, i) => ({ at: Date.UTC(2025, 2, 28, 23 + i) })));
  return days.close().toArray();
}

function refusalOf({ count, OrielError, tumbling, windowed }: Oriel): unknown {
  try {
    return windowed({ time: 'at', window: tumbling(-1), aggregates: { n: count() } });
  } catch (error) {
    return error instanceof OrielError && error.code;
  }
}

/** Runs streams in workers, by each transport that works: with all inputs in turn, and with a producing thread. */
export async function inWorkers(oriel: Oriel, start: Start) {
  const probe = await oriel.windowedWorker(specOf(oriel));
  const { transport } = await probe.stats();
  await probe[Symbol.asyncDispose]();
  const results = [];
  for (const way of transport === 'shared' ? (['shared', 'transferred'] as const) : (['transferred'] as const)) {
    const options = { transport: way };
    const stream = await oriel.windowedWorker(specOf(oriel), options);
    const rows = [];
    for (let i = 0; i < COUNT; i += 500) {
      give(INPUTS[(i / 500) % 4] as Input, stream as unknown as Target, events.slice(i, i + 500));
      if (i === 1500) rows.push(...(await stream.take()));
    }
    const { late } = await stream.stats();
    rows.push(...(await stream.close()));
    results.push({ way, from: 'owner', late, rows });

    const fed = await oriel.windowedWorker(specOf(oriel), options);
    const handle = await fed.producer();
    const thread = await start();
    thread.post({ handle }, handle.transfer as never[]);
    await thread.said;
    while ((await fed.stats()).producers > 1);
    results.push({ way, from: 'thread', late: (await fed.stats()).late, rows: [...(await fed.close())] });
    thread.end();
  }
  return { transport, results };
}

/** Reads events from another thread by a ring that holds few of them. */
export async function throughRing({ ring }: Oriel, start: Start) {
  const ticks = ring({ at: 'f64', n: 'i32' }, 64);
  const thread = await start();
  const stop = new AbortController();
  thread.said.catch((error) => stop.abort(error));
  thread.post({ ticks: ticks.handle }, []);
  const sums = { at: 0, n: 0, events: 0 };
  while (await ticks.filled(1, { signal: stop.signal })) {
    const { length, columns } = ticks.take(64);
    for (let i = 0; i < length; i++) {
      sums.at += columns.at[i] as number;
      sums.n += columns.n[i] as number;
    }
    sums.events += length;
  }
  await thread.said;
  thread.end();
  return sums;
}

/** Runs all programs; one that fails gives the code of its error. */
export async function everything(oriel: Oriel, start: Start) {
  const codeOf = (error: unknown) => (error instanceof oriel.OrielError ? error.code : String(error));
  return {
    here: onOneThread(oriel),
    ring: await throughRing(oriel, start).catch(codeOf),
    workers: await inWorkers(oriel, start).catch(codeOf),
  };
}

/** Runs the streams that need no workers, with the core from a given source. */
export async function slimly(slim: typeof import('oriel/slim'), source: string | URL | WebAssembly.Module) {
  await slim.init(typeof source === 'string' ? new URL(source) : source);
  return { here: onOneThread(slim) };
}

/** Runs the part of another thread. */
export async function produce({ producer, ring }: Pick<Oriel, 'producer' | 'ring'>, job: Job): Promise<void> {
  if (job.handle) {
    const target = producer(job.handle);
    for (let i = 0; i < COUNT; i += 800) {
      await target.ready(800);
      give('pushColumns', target as unknown as Target, events.slice(i, i + 800));
    }
    target.close();
  } else {
    const target = ring(job.ticks);
    for (let i = 0; i < COUNT; i++) {
      while (target.push({ at: [eventOf(i).at], n: [i] }) === 0) await target.ready();
    }
    target.end();
  }
}

export interface Job {
  handle?: import('oriel').ProducerHandle;
  ticks: import('oriel').RingHandle<{ at: 'f64'; n: 'i32' }>;
}

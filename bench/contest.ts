/** Cells of the benchmarks: contenders that do the same work, or facts that are measured once. */

import { type Spec, windowed } from 'oriel';
import type { Sink } from './sink';

/** Events in a batch, for every contender. */
export const BATCH = 4096;

export type Side = 'oriel' | 'tuned' | 'naive' | 'other';

export interface Score {
  name: string;
  side: Side;
  /** Nanoseconds per event, one value for each round. */
  nanoseconds: number[];
  /** Milliseconds of the longest batch, one value for each round. */
  pauses: number[];
}

/** The milliseconds to count, if it is not the whole iteration. */
export interface Timed {
  overriddenDuration: number;
}

export interface Contender {
  name: string;
  side: Side;
  events: number;
  /**
   * One iteration: creates everything, pushes all events batch by batch, takes the results after each batch, and frees
   * everything. May return a promise of `Timed`.
   */
  run(events: number, sink: Sink): unknown;
  /** Has no results to compare. */
  silent?: boolean;
  /** Number of rounds to time, if all of them would take too long. */
  rounds?: number;
}

export interface Fact {
  name: string;
  value: number;
  unit: string;
}

export interface Cell {
  name: string;
  title: string;
  /** The contenders. The others are compared with the first one. */
  contenders?(): Contender[];
  /** Scores of contenders with several threads, which time and check themselves. */
  scores?(rounds: number): Promise<Score[]>;
  facts?(): Fact[] | Promise<Fact[]>;
  /** The contenders wait for other threads, and report their wall time themselves. */
  waits?: boolean;
  /** The contenders do different work, so their results are not compared. */
  different?: boolean;
  /** Report the longest batch of each contender, too. */
  pauses?: boolean;
}

/** Calls `step` for each batch. */
export function inBatches(events: number, sink: Sink, step: (from: number, to: number) => void): void {
  if (!sink.timesSteps) {
    for (let from = 0; from < events; from += BATCH) step(from, Math.min(from + BATCH, events));
    return;
  }
  sink.startSteps();
  for (let from = 0; from < events; from += BATCH) {
    step(from, Math.min(from + BATCH, events));
    sink.endStep();
  }
}

type Stream = ReturnType<typeof windowed<Spec>>;
type Write = (views: Record<string, Float64Array>, from: number, n: number, stream: Stream) => void;
type ColumnSource = Readonly<Record<string, Float64Array | readonly unknown[]>>;

/**
 * One iteration of oriel with `pushColumns`. `close: false` does not fire open windows, for cases where they would
 * outnumber the others.
 */
export function pushed(spec: Spec, columns: ColumnSource, close = true): Contender['run'] {
  // Plain arrays have no views, so they are cut into batches beforehand: callers have batches already.
  const entries = Object.entries(columns).map(([name, values]) => [name, values, cut(values)] as const);
  return (events, sink) => {
    const stream = windowed(spec);
    inBatches(events, sink, (from, to) => {
      const batch: Record<string, unknown> = {};
      for (const [name, values, parts] of entries) {
        const part = parts?.[from / BATCH];
        if (part) batch[name] = part.length > to - from ? part.slice(0, to - from) : part;
        else batch[name] = (values as Float64Array).subarray(from, to);
      }
      stream.pushColumns(batch as never);
      take(stream, sink);
    });
    finish(stream, sink, close);
  };
}

/** One iteration of oriel with `claim` and `commit`. `prepare` may call `keyId` first. */
export function placed(spec: Spec, write: Write, prepare?: (stream: Stream) => void): Contender['run'] {
  return (events, sink) => {
    const stream = windowed(spec);
    prepare?.(stream);
    inBatches(events, sink, (from, to) => {
      const n = to - from;
      write(stream.claim(n) as never, from, n, stream);
      stream.commit(n);
      take(stream, sink);
    });
    finish(stream, sink, true);
  };
}

function cut(values: ColumnSource[string]): unknown[][] | undefined {
  if (!Array.isArray(values)) return undefined;
  return Array.from({ length: Math.ceil(values.length / BATCH) }, (_, i) => values.slice(i * BATCH, (i + 1) * BATCH));
}

export function take(stream: Stream, sink: Sink): void {
  const batch = stream.take();
  sink.take(batch.length, batch.columns as never);
}

export function finish(stream: Stream, sink: Sink, close: boolean): void {
  if (close) {
    const batch = stream.close();
    sink.take(batch.length, batch.columns as never);
  }
  stream[Symbol.dispose]();
}

/** Streams in threads of Node that run the built worker script. */

import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { type Spec, type WindowedWorker, type WorkerLike, type WorkerOptions, windowedWorker } from '../../../bindings';

export const TRANSPORTS = ['shared', 'transferred'] as const;
export type Transport = (typeof TRANSPORTS)[number];

const SCRIPT = new URL('../../../dist/worker.js', import.meta.url);

export const worker = () => new Worker(SCRIPT) as unknown as WorkerLike;

/** Opens a stream in workers, which is disposed of when the test has finished. */
export async function open<const S extends Spec>(spec: S, options: WorkerOptions = {}): Promise<WindowedWorker<S>> {
  const stream = await windowedWorker(spec, { worker, ...options });
  onTestFinished(() => stream[Symbol.asyncDispose]());
  return stream;
}

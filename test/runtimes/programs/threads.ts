/** Starts threads on the web and in Node, as a program does that is written for both. */

import type { Thread } from './program.js';

/** Imports node:worker_threads in a way that bundlers leave alone. */
export const nodeThreads = (): Promise<typeof import('node:worker_threads')> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ ['node', 'worker_threads'].join(':'));

export async function startThread(): Promise<Thread> {
  if (typeof Worker === 'function') {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { type: 'module' });
    const said = new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }) => (data ? reject(new Error(data)) : resolve());
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    return { post: (message, transfer) => worker.postMessage(message, transfer), said, end: () => worker.terminate() };
  }
  const { Worker: NodeWorker } = await nodeThreads();
  const here = import.meta.url;
  const worker = new NodeWorker(new URL('./thread.js', here));
  const said = new Promise<void>((resolve, reject) => {
    worker.on('message', (word) => (word ? reject(new Error(word)) : resolve()));
    worker.on('error', reject);
  });
  return { post: (message, transfer) => worker.postMessage(message, transfer), said, end: () => worker.terminate() };
}

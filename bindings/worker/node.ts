/**
 * What Node needs where the web has names of its own. Bundlers for pages fail on the name of a module of Node's, and copy every file whose URL
 * they can read: neither is written out here, even as a constant.
 */

/** Node's own module of threads. */
export function nodeThreads(): Promise<typeof import('node:worker_threads')> {
  return nodeModule('worker_threads');
}

/** The bytes of a file. */
export async function nodeFile(url: URL): Promise<BufferSource> {
  const { readFile } = await nodeModule<typeof import('node:fs/promises')>('fs/promises');
  return readFile(url);
}

function nodeModule<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ ['node', name].join(':'));
}

/** The file beside this one that runs on a worker's thread. */
export function workerFile(): URL {
  const here = import.meta.url;
  return new URL(['.', 'worker.js'].join('/'), here);
}

/**
 * Access to Node's modules and files. Bundlers for pages fail on the name of a Node module, and copy every file whose
 * URL they can read. So neither is written literally here, not even as a constant.
 */

/** Imports node:worker_threads. */
export function nodeThreads(): Promise<typeof import('node:worker_threads')> {
  return nodeModule('worker_threads');
}

/** Reads a file. */
export async function nodeFile(url: URL): Promise<BufferSource> {
  const { readFile } = await nodeModule<typeof import('node:fs/promises')>('fs/promises');
  return readFile(url);
}

function nodeModule<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ ['node', name].join(':'));
}

/** URL of the package's worker file, which lies beside this one in dist. */
export function workerFile(): URL {
  const here = import.meta.url;
  return new URL(['.', 'worker.js'].join('/'), here);
}

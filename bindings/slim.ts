/** `oriel/slim`: the caller brings the core, for pages whose policy or bundler wants it apart (`oriel/core.wasm`). */

import { provideCore } from './base/core';
import { OrielError, show } from './base/errors';
import { nodeFile } from './worker/node';

export * from './public';
export { windowed } from './stream/windowed';
export { startWorkers as windowedWorker } from './worker/owner';

/**
 * Says where the core comes from; to be awaited before the first stream.
 * @param source the bytes of `oriel/core.wasm`, a module, a response or where to fetch it
 * @throws {OrielError} ERR_ORIEL_CORE
 */
export async function init(source: BufferSource | WebAssembly.Module | Response | URL): Promise<void> {
  const module = await moduleOf(source);
  provideCore(() => module);
}

async function moduleOf(source: unknown): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof URL) return moduleOf(await load(source));
    if (source instanceof Response) return WebAssembly.compile(await source.arrayBuffer());
    if (source instanceof ArrayBuffer || ArrayBuffer.isView(source))
      return await WebAssembly.compile(source as BufferSource);
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_CORE', `init: the core cannot be had from ${show(source)}: ${cause}`, { cause });
  }
  throw new OrielError('ERR_ORIEL_CORE', `init: expected bytes, a module, a response or a URL, got ${show(source)}`);
}

/** Node's `fetch` knows no files; those of other runtimes may. */
async function load(url: URL): Promise<Response | BufferSource> {
  try {
    return await fetch(url);
  } catch (cause) {
    if (url.protocol !== 'file:') throw cause;
    return nodeFile(url);
  }
}

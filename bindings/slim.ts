/**
 * The entry `oriel/slim`: the caller loads the core (`oriel/core.wasm`), so that it can be cached or compiled
 * separately.
 */

import { provideCore } from './base/core';
import { OrielError, show } from './base/errors';
import { nodeFile } from './worker/node';

export * from './public';
export { windowed } from './stream/windowed';
export { startWorkers as windowedWorker } from './worker/owner';

/**
 * Loads the core. Await it before the first stream is made; later calls have no effect.
 *
 * @param source `oriel/core.wasm` as bytes, a compiled module or a response, or the URL to fetch it from
 * @throws {OrielError} ERR_ORIEL_CORE
 *
 * @example await init(new URL(import.meta.resolve('oriel/core.wasm')));
 */
export async function init(source: BufferSource | WebAssembly.Module | Response | URL): Promise<void> {
  if (source instanceof WebAssembly.Module) {
    provideCore(() => source);
    return;
  }
  const [module, binary] = await compiled(source);
  provideCore(
    () => module,
    () => binary,
  );
}

/** The module from a source that is none yet, and its binary. */
async function compiled(source: unknown): Promise<[WebAssembly.Module, Uint8Array<ArrayBuffer>]> {
  try {
    if (source instanceof URL) return compiled(await load(source));
    if (source instanceof Response) return compiled(await source.arrayBuffer());
    if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
      // A copy: the caller may change its own.
      const binary = (
        ArrayBuffer.isView(source)
          ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
          : new Uint8Array(source)
      ).slice();
      return [await WebAssembly.compile(binary), binary];
    }
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_CORE', `init: the core cannot be had from ${show(source)}: ${cause}`, { cause });
  }
  throw new OrielError('ERR_ORIEL_CORE', `init: expected bytes, a module, a response or a URL, got ${show(source)}`);
}

/** Fetches a URL. Node's `fetch` refuses `file:` URLs, so a file that cannot be fetched is read from disk. */
async function load(url: URL): Promise<Response | BufferSource> {
  try {
    return await fetch(url);
  } catch (cause) {
    if (url.protocol !== 'file:') throw cause;
    return nodeFile(url);
  }
}

/** `oriel`: the core is in the package and compiled on first use. */

import bytes from '../build/release.wasm';
import { decode, provideCore } from './base/core';
import type { Spec } from './spec/spec';
import type { WindowedStream } from './stream/stream';
import { windowed as make } from './stream/windowed';
import { startWorkers, type WindowedWorker, type WorkerOptions } from './worker/owner';

export * from './public';

/**
 * The same in workers: `await windowedWorker(spec)`. Events come from any thread; see {@link WindowedWorker}.
 * @throws {OrielError} ERR_ORIEL_SPEC, of functions too, which do not go to another thread; ERR_ORIEL_THREAD where no worker can be had
 */
export function windowedWorker<const S extends Spec>(spec: S, options: WorkerOptions = {}): Promise<WindowedWorker<S>> {
  provideCore(() => decode(bytes));
  return startWorkers(spec, options);
}

/** {@inheritDoc make} */
export const windowed: typeof make = <const S extends Spec>(spec: S): WindowedStream<S> => {
  provideCore(() => decode(bytes));
  return make(spec);
};

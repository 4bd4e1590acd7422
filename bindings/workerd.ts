/** `oriel` where WebAssembly is only compiled ahead of time (Cloudflare workers): the core is imported as a module. */

import module from 'oriel/core.wasm';
import { provideCore } from './base/core';
import type { Spec } from './spec/spec';
import type { WindowedStream } from './stream/stream';
import { windowed as make } from './stream/windowed';
import { startWorkers } from './worker/owner';

export * from './public';

/** Not here: there are no workers to start. @throws {OrielError} ERR_ORIEL_THREAD */
export const windowedWorker: typeof startWorkers = (spec, options) => {
  provideCore(() => module);
  return startWorkers(spec, options);
};

/** {@inheritDoc make} */
export const windowed: typeof make = <const S extends Spec>(spec: S): WindowedStream<S> => {
  provideCore(() => module);
  return make(spec);
};

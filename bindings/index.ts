/** `oriel`: the core is in the package and compiled on first use. */

import bytes from '../build/release.wasm';
import { decode, provide } from './core';
import type { Spec } from './spec';
import type { WindowedStream } from './stream';
import { windowed as make } from './windowed';

export * from './public';

/** {@inheritDoc make} */
export const windowed: typeof make = <const S extends Spec>(spec: S): WindowedStream<S> => {
  provide(() => decode(bytes));
  return make(spec);
};

/** A worker of a stream that fails after a while. */

import '../../bindings/worker/entry';

setTimeout(() => {
  throw new Error('no luck');
}, 1500);

/** A worker of a stream that throws after a while. */

import '../../bindings/worker/entry';

setTimeout(() => {
  throw new Error('no luck');
}, 1500);

/** The program of a worker's thread: `oriel/worker`, a file of its own. */

import bytes from '../../build/shared.wasm';
import { provideBase64 } from '../base/core';
import { type Port, WorkerLoop } from './loop';
import { nodeThreads } from './node';
import type { Reply, Request } from './protocol';

/** The global scope of a web worker, as far as it is used here. */
interface Scope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

function portOf(scope: Scope): Port {
  return {
    post: (message: Reply, transfer) => scope.postMessage(message, transfer),
    receive: (handler) => {
      scope.onmessage = ({ data }) => handler(data);
    },
  };
}

provideBase64(bytes);
const isWeb = typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope === 'function';
if (isWeb) {
  new WorkerLoop(portOf(globalThis as unknown as Scope));
} else {
  // No top-level await: bundlers turn workers into classic scripts, which do not have it.
  nodeThreads().then(({ parentPort: port }) => {
    if (!port) return;
    new WorkerLoop({
      post: (message, transfer) => port.postMessage(message, transfer as never),
      receive: (handler) => port.on('message', handler),
    });
  });
}

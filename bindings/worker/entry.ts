/** What runs on a worker's thread: `oriel/worker`, a file of its own. */

import bytes from '../../build/shared.wasm';
import { decode, provideCore } from '../base/core';
import { type Port, WorkerLoop } from './loop';
import { nodeThreads } from './node';
import type { Reply, Request } from './protocol';

/** How a worker of the web, and Node's, speaks with the thread that made it. */
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

provideCore(() => decode(bytes));
const isWeb = typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope === 'function';
if (isWeb) {
  new WorkerLoop(portOf(globalThis as unknown as Scope));
} else {
  // Not awaited: bundlers make classic scripts of workers, which cannot.
  nodeThreads().then(({ parentPort: port }) => {
    if (!port) return;
    new WorkerLoop({
      post: (message, transfer) => port.postMessage(message, transfer as never),
      receive: (handler) => port.on('message', handler),
    });
  });
}

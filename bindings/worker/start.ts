/** Starts workers: web workers and Node's behind one interface. */

import { OrielError } from '../base/errors';
import { nodeThreads, workerFile } from './node';
import type { Reply, Request } from './protocol';

/** A web worker, a worker of Node, or an object with the same methods. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: never[]): void;
  terminate(): unknown;
}

/** A thread that runs a stream. */
export interface Thread {
  post(request: Request, transfer: Transferable[]): void;
  /** `true` keeps the process alive, `false` lets it end if nothing else is running. */
  hold(isHeld: boolean): void;
  end(): Promise<void>;
}

interface Handlers {
  reply(reply: Reply): void;
  died(cause: unknown): void;
}

interface NodeWorker extends WorkerLike {
  on(event: string, handler: (value: never) => void): void;
  ref(): void;
  unref(): void;
}

interface WebWorker extends WorkerLike {
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/**
 * Starts a thread: the worker that `make` returns, or one that runs the package's own file.
 * @throws {OrielError} ERR_ORIEL_THREAD
 */
export async function startThread(make: (() => WorkerLike) | undefined, handlers: Handlers): Promise<Thread> {
  try {
    return wrap(make ? make() : await ownWorker(), handlers);
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_THREAD', `windowedWorker: no worker can be started here: ${cause}`, { cause });
  }
}

async function ownWorker(): Promise<WorkerLike> {
  // Bundlers recognise this exact expression.
  if (typeof Worker === 'function') return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const node = await nodeThreads();
  return new node.Worker(workerFile(), { execArgv: [] }) as unknown as WorkerLike;
}

function wrap(worker: WorkerLike, { reply, died }: Handlers): Thread {
  if ('on' in worker) {
    const node = worker as NodeWorker;
    node.on('message', reply as (value: never) => void);
    node.on('error', died);
    node.on('messageerror', died);
    node.on('exit', (code: never) => died(`it ended with code ${code}`));
  } else {
    const web = worker as WebWorker;
    web.onmessage = ({ data }) => reply(data);
    web.onerror = (event) => {
      event.preventDefault();
      died(event.message ?? 'its file cannot be loaded; the option `worker` may know where it is');
    };
    web.onmessageerror = () => died('a message could not be read');
  }
  const held = worker as Partial<NodeWorker>;
  return {
    post: (request, transfer) => worker.postMessage(request, transfer as never),
    hold: (isHeld) => (isHeld ? held.ref?.() : held.unref?.()),
    end: async () => {
      await worker.terminate();
    },
  };
}

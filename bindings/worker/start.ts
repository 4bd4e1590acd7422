/** Workers of the web and of Node, as one. */

import { OrielError } from '../base/errors';
import { nodeThreads, workerFile } from './node';
import type { Reply, Request } from './protocol';

/** A worker: of the web, of Node, or what is like one of them. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: never[]): void;
  terminate(): unknown;
}

/** A thread that a stream runs on. */
export interface Thread {
  post(request: Request, transfer: Transferable[]): void;
  /** Whether the process may end while nothing else goes on. */
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

/** Starts a thread, `make`d by the caller or out of the file beside this one. @throws {OrielError} ERR_ORIEL_THREAD */
export async function startThread(make: (() => WorkerLike) | undefined, handlers: Handlers): Promise<Thread> {
  try {
    return wrap(make ? make() : await ownWorker(), handlers);
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_THREAD', `windowedWorker: no worker can be started here: ${cause}`, { cause });
  }
}

async function ownWorker(): Promise<WorkerLike> {
  // Written out: bundlers know it by its looks.
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

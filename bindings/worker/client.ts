/** Calls of the owner's thread to a worker, and the worker's answers. */

import { OrielError } from '../base/errors';
import type { Calls, Name, Reply } from './protocol';
import type { Thread } from './start';
import { type Carrier, type EventsMessage, GONE } from './transfer';

/** A worker and the calls it has not yet answered. */
export class WorkerClient {
  readonly calls = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>();
  thread: Thread | undefined;
  error: OrielError | undefined;
  #next = 0;

  constructor(
    readonly onLate: (late: Record<string, ArrayLike<unknown>>) => void,
    readonly onDeath: () => void,
  ) {}

  /**
   * Calls the worker. The process stays alive until it answers.
   * @throws {OrielError} as the worker does; ERR_ORIEL_THREAD if it dies
   */
  ask<N extends Name>(call: N, given: Calls[N]['given'], transfer: Transferable[] = []): Promise<Calls[N]['back']> {
    if (this.error) return Promise.reject(this.error);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.thread?.hold(true);
      try {
        this.thread?.post({ id, call, given }, transfer);
      } catch (error) {
        this.calls.delete(id);
        reject(error);
      }
    });
  }

  /** Sends the owner's events if memory is not shared: as calls, so that they stay in order with the others. */
  readonly carrier: Carrier = {
    onmessage: null,
    postMessage: (message, transfer) => {
      if (!this.error) this.thread?.post({ id: -1, call: 'events', given: message as EventsMessage }, transfer);
    },
  };

  readonly reply = ({ id, value, error, late, acknowledgement }: Reply): void => {
    if (acknowledgement) this.carrier.onmessage?.({ data: acknowledgement } as MessageEvent);
    if (late) this.onLate(late);
    if (id === undefined) return;
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (this.calls.size === 0) this.thread?.hold(false);
    if (error) call?.reject(new OrielError(error.code ?? 'ERR_ORIEL_THREAD', error.message));
    else call?.resolve(value as never);
  };

  readonly died = (cause: unknown): void => {
    if (this.error) return;
    const message = `a worker of the stream has died: what it had taken and not given out is lost: ${cause}`;
    this.error = new OrielError('ERR_ORIEL_THREAD', message, { cause });
    this.#rejectCalls(this.error);
    this.onDeath();
  };

  /** Rejects all calls that are not answered, and tells the owner's producer that the worker is gone. */
  #rejectCalls(error: OrielError): void {
    for (const call of this.calls.values()) call.reject(error);
    this.calls.clear();
    this.carrier.onmessage?.({ data: GONE } as MessageEvent);
  }

  async end(): Promise<void> {
    this.error ??= new OrielError('ERR_ORIEL_CLOSED', 'the stream is closed: it takes no more calls');
    this.#rejectCalls(this.error);
    await this.thread?.end();
  }
}

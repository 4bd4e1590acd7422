/**
 * The messages between the owner's thread and a worker: calls and their replies. Events go through rings or ports; only
 * the owner's own events are sent as a call, if memory is not shared.
 */

import type { OrielErrorCode } from '../base/errors';
import type { Stats } from '../engine/engine';
import type { RawAnswers, RawResults } from '../plan/results';
import type { ProducerRingHandle } from './ring-layout';
import type { PackedSpec } from './spec-message';
import type { Acknowledgement, EventsMessage } from './transfer';

/**
 * For every column that may hold strings: what it holds, and the strings that numbers in the results stand for, as
 * [number, string] pairs.
 */
export type StringsByColumn = readonly {
  readonly kind: 'string' | 'number' | undefined;
  readonly strings: [number, string][];
}[];

/** The calls by name: their arguments and their answers. */
export interface Calls {
  start: {
    given: { spec: PackedSpec; kinds: ArrayBufferLike; bell: ArrayBufferLike; isAlone: boolean };
    back: undefined;
  };
  /**
   * Attaches a producer. In shared memory the worker allocates its columns and returns them. Otherwise its events come
   * through the port, or without a port as calls of `events`.
   */
  attach: {
    given: {
      control: ArrayBufferLike;
      definitions: ArrayBufferLike;
      port: MessagePort | undefined;
      /** Whether the watermark waits for the producer before its first event. */
      holdsWatermark: boolean;
      isShared: boolean;
    };
    back: Pick<ProducerRingHandle, 'buffer' | 'address' | 'bytes'> | undefined;
  };
  /** Events of the owner's own producer, if memory is not shared. */
  events: { given: EventsMessage; back: undefined };
  take: { given: undefined; back: { raw: RawResults; texts: StringsByColumn; watermark: number } };
  /** Returns the answer and the time it is for. */
  query: {
    given: { key: readonly unknown[]; at: number | undefined };
    back: { raw: RawAnswers; texts: StringsByColumn; at: number };
  };
  advance: { given: number; back: undefined };
  stats: { given: undefined; back: Stats & { producers: number } };
  close: { given: undefined; back: { raw: RawResults; texts: StringsByColumn; watermark: number } };
}

export type Name = keyof Calls;

export interface Request<N extends Name = Name> {
  readonly id: number;
  readonly call: N;
  readonly given: Calls[N]['given'];
}

/**
 * A message to the owner: the answer to a call, late events, or an acknowledgement of `events`, which has no answer.
 */
export interface Reply {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly code: OrielErrorCode | undefined; readonly message: string };
  readonly acknowledgement?: Acknowledgement;
  readonly late?: Record<string, ArrayLike<unknown>>;
}

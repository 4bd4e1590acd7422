/** What the caller's thread and the worker say to each other. Events do not go this way. */

import type { OrielErrorCode } from '../base/errors';
import type { Stats } from '../engine/engine';
import type { RawAnswers, RawResults } from '../plan/results';
import type { ProducerRingHandle } from './ring-layout';
import type { PackedSpec } from './spec-message';
import type { Acknowledgement, EventsMessage } from './transfer';

/** Strings that numbers among the figures stand for, of every column that may hold some, and what the column holds. */
export type StringsByColumn = readonly {
  readonly kind: 'string' | 'number' | undefined;
  readonly strings: [number, string][];
}[];

/** The calls, by name: what they are given and what comes back. */
export interface Calls {
  start: {
    given: { spec: PackedSpec; kinds: ArrayBufferLike; bell: ArrayBufferLike; isAlone: boolean };
    back: undefined;
  };
  /** Without columns: they come back. Without a port events come as calls do, where memory is not shared. */
  attach: {
    given: {
      control: ArrayBufferLike;
      definitions: ArrayBufferLike;
      port: MessagePort | undefined;
      counts: boolean;
      isShared: boolean;
    };
    back: Pick<ProducerRingHandle, 'buffer' | 'address' | 'bytes'> | undefined;
  };
  parcel: { given: EventsMessage; back: undefined };
  take: { given: undefined; back: { raw: RawResults; texts: StringsByColumn; watermark: number } };
  /** The answer, and as of which time it is. */
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

/** What comes back to the caller: an answer, late events, or what became of a parcel, which has no answer. */
export interface Reply {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly code: OrielErrorCode | undefined; readonly message: string };
  readonly receipt?: Acknowledgement;
  readonly late?: Record<string, ArrayLike<unknown>>;
}

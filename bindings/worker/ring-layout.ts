/** What a producer and the worker must agree on: the columns of a ring and where they lie in memory. */

import { RING_EVENTS } from '../base/core';
import type { Engine } from '../engine/engine';
import type { EventFields, Kinds } from '../input/event-fields';
import type { KeyKind } from '../input/keys';
import type { TextKind } from '../input/measures';
import { COLUMN_BYTES, type Views, viewsAt } from '../input/views';
import { CONTROL_BYTES } from '../shared/indices';
import { definitionBytes } from './string-sync';

/** Number of segments in a producer's ring, each of RING_EVENTS events: see assembly/ingest/segments.ts. */
export const SEGMENTS = 16;
/** Number of events that a producer's ring holds. */
export const RING_CAPACITY = SEGMENTS * RING_EVENTS;

/** Kinds of key columns. The shared words hold the index + 1; 0 means not yet known. */
export const KEY_KINDS: readonly KeyKind[] = ['string', 'number', 'int64', 'uint64'];
/** Kinds of measures that may be strings; numbered like KEY_KINDS. */
export const TEXT_KINDS: readonly TextKind[] = ['string', 'number'];

/** What a producer must know about a stream to check and write its events. */
export interface Layout {
  readonly time: string;
  readonly hasTime: boolean;
  readonly timeLimit: number;
  readonly outOfOrder: number;
  readonly keys: readonly string[];
  /** Measures that are always numbers. In a segment they come before `texts`. */
  readonly plain: readonly string[];
  /**
   * Measures that may be strings: what values they accept, the strings that the spec mentions, and what a string
   * becomes.
   */
  readonly texts: readonly {
    readonly name: string;
    readonly accepted: 'strings' | 'either';
    readonly literals: readonly string[];
    readonly form: 'kept' | 'hashed' | 'known';
    /** The seed of hashes. */
    readonly seed: number;
  }[];
  /** Measures that are gaps of sessions. */
  readonly gaps: readonly string[];
}

/** A producer's ring into one worker. */
export interface ProducerRingHandle {
  /** The memory that holds the columns, and the address of the first segment in it. */
  readonly buffer: ArrayBufferLike;
  readonly address: number;
  /** Bytes from one segment to the next. */
  readonly bytes: number;
  /** The indices, followed by the promise: see CONTROL. */
  readonly control: ArrayBufferLike;
  /** The ring of string definitions: see string-sync.ts. */
  readonly definitions: ArrayBufferLike;
  /** The signal that wakes the worker. */
  readonly bell: ArrayBufferLike;
}

/** The form of a producer that `postMessage` can carry; `producer(handle)` on the other thread opens it. */
export interface ProducerHandle {
  readonly layout: Layout;
  readonly rings: readonly ProducerRingHandle[];
  /**
   * The kind of each key column, then of each measure that may be a string, settled by its first value; 0 before that.
   */
  readonly kinds: ArrayBufferLike;
  /**
   * If memory is not shared: a port for the events of each ring, and after them one by which the owner says that the
   * stream is closed.
   */
  // biome-ignore lint/suspicious/noExplicitAny: Node's types and the web's disagree on what can be transferred
  readonly transfer: any[];
}

/**
 * Size of the control block in bytes, and the index of the promise in it, in words of 64 bits. The promise is the time
 * before which the producer pushes no more events, as the bits of an f64.
 */
export const CONTROL = { bytes: CONTROL_BYTES + 8, promise: CONTROL_BYTES / 8 };

export function layoutOf({ spec, fields }: Engine): Layout {
  const { outOfOrder, keys } = spec;
  const { time, hasTime, timeLimit, plain, texts, gaps } = fields;
  return {
    time,
    hasTime,
    timeLimit,
    outOfOrder,
    keys,
    plain,
    texts: texts.map(({ column: { name, accepted, literals, strings }, form }) => {
      return { name, accepted, literals, form, seed: strings.seed };
    }),
    gaps,
  };
}

/** Whether a value has the form of a layout. */
export function isLayout(given: unknown): given is Layout {
  const layout = (given ?? {}) as Layout;
  const areNames = (names: unknown) => Array.isArray(names) && names.every((name) => typeof name === 'string');
  return (
    areNames([layout.time]) &&
    typeof layout.hasTime === 'boolean' &&
    [layout.timeLimit, layout.outOfOrder].every((extent) => typeof extent === 'number') &&
    [layout.keys, layout.plain, layout.gaps].every(areNames) &&
    Array.isArray(layout.texts) &&
    layout.texts.every((text) => areNames([text?.name, text?.accepted, text?.form]) && areNames(text.literals)) &&
    layout.texts.every(({ seed }) => typeof seed === 'number')
  );
}

/** Views of the columns of one segment. */
export interface Segment extends Views {
  readonly address: number;
}

/** The kinds that producers have settled, by the shared words: those of key columns, then those of `texts`. */
export function settledKinds(words: Int32Array, { keys, texts }: EventFields): Kinds {
  return {
    keys: keys.map((_, c) => KEY_KINDS[Atomics.load(words, c) - 1]),
    texts: texts.map((_, i) => TEXT_KINDS[Atomics.load(words, keys.length + i) - 1]),
  };
}

/** Bytes of a segment that has only the columns that a producer writes. */
export function segmentBytesOf({ keys, plain, texts }: Layout): number {
  return COLUMN_BYTES * (2 + keys.length + plain.length + texts.length);
}

export function segmentsAt(buffer: ArrayBufferLike, address: number, bytes: number, layout: Layout): Segment[] {
  const { keys, plain, texts } = layout;
  return Array.from({ length: SEGMENTS }, (_, s) => {
    const at = address + s * bytes;
    return { address: at, ...viewsAt(buffer, at, keys.length, plain.length + texts.length) };
  });
}

/** Allocates the control block of a producer's ring and the ring of its string definitions. */
export function createControl(
  make: (bytes: number) => ArrayBufferLike,
): Pick<ProducerRingHandle, 'control' | 'definitions'> {
  return { control: make(CONTROL.bytes), definitions: make(definitionBytes()) };
}

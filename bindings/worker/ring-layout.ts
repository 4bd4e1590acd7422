/** What the two sides of a producer agree on: which columns there are, and where they stand. */

import { RING_EVENTS } from '../base/core';
import type { Engine } from '../engine/engine';
import type { KeyKind } from '../input/keys';
import { CONTROL_BYTES } from '../shared/indices';
import { definitionBytes } from './string-sync';

/** Segments of a producer's ring, RING_EVENTS events each: see assembly/segment.ts. */
export const SEGMENTS = 16;
export const RING_CAPACITY = SEGMENTS * RING_EVENTS;
const COLUMN_BYTES = RING_EVENTS * 8;

/** Kinds as the shared words have them, from 1 on. */
export const KEY_KINDS: readonly KeyKind[] = ['string', 'number', 'int64', 'uint64'];
export const TEXT_KINDS = ['string', 'number'] as const;

/** What a producer must know of a stream to check and write its events. */
export interface Layout {
  readonly time: string;
  readonly hasTime: boolean;
  readonly timeLimit: number;
  readonly outOfOrder: number;
  readonly keys: readonly string[];
  /** Measures that are numbers, and after them those that may be strings. */
  readonly plain: readonly string[];
  readonly texts: readonly {
    readonly name: string;
    readonly accepted: 'strings' | 'either';
    readonly literals: readonly string[];
    readonly form: 'kept' | 'hashed' | 'known';
  }[];
  readonly gaps: readonly string[];
}

/** One ring of a producer: into one worker. */
export interface ProducerRingHandle {
  /** The memory that the columns stand in, and from where on. */
  readonly buffer: ArrayBufferLike;
  readonly address: number;
  /** Bytes from one segment to the next. */
  readonly bytes: number;
  /** Indices, and the words below. */
  readonly control: ArrayBufferLike;
  readonly definitions: ArrayBufferLike;
  /** What wakes the worker. */
  readonly bell: ArrayBufferLike;
}

/** What `postMessage` carries to the thread that produces; `producer(handle)` is made of it there. */
export interface ProducerHandle {
  readonly layout: Layout;
  readonly rings: readonly ProducerRingHandle[];
  /** Kinds of the keys' columns and of those that may hold strings, as the first value settles them: 0 while none has. */
  readonly kinds: ArrayBufferLike;
  /** Where memory is not shared: what carries the columns, a port for each ring, and after them one by which the owner says that it is over. */
  // biome-ignore lint/suspicious/noExplicitAny: to Node's types and to those of the web, what can be transferred is not the same
  readonly transfer: any[];
}

/** Bytes of the control block, and where in it stands, as bits of a f64, the time before which the producer gives no event any more. */
export const CONTROL = { bytes: CONTROL_BYTES + 8, promise: CONTROL_BYTES / 8 };

export function layoutOf({ spec, plan, gaps }: Engine): Layout {
  const { time, hasTime, timeLimit, outOfOrder, keys } = spec;
  const { plain, texts } = plan.measures;
  return {
    time,
    hasTime,
    timeLimit,
    outOfOrder,
    keys,
    plain,
    texts: texts.map(({ column: { name, accepted, literals }, form }) => ({ name, accepted, literals, form })),
    gaps,
  };
}

/** Views of one segment's columns. */
export interface Segment {
  readonly address: number;
  readonly times: Float64Array;
  readonly ids: Uint32Array;
  readonly words: readonly Float64Array[];
  readonly bits: readonly BigInt64Array[];
  readonly measures: readonly Float64Array[];
}

/** Bytes of a segment of which only what a producer writes is there. */
export function segmentBytesOf({ keys, plain, texts }: Layout): number {
  return COLUMN_BYTES * (2 + keys.length + plain.length + texts.length);
}

export function segmentsAt(buffer: ArrayBufferLike, address: number, bytes: number, layout: Layout): Segment[] {
  const { keys, plain, texts } = layout;
  return Array.from({ length: SEGMENTS }, (_, s) => {
    const at = address + s * bytes;
    const column = (i: number) => at + i * COLUMN_BYTES;
    return {
      address: at,
      times: new Float64Array(buffer, at, RING_EVENTS),
      ids: new Uint32Array(buffer, column(1), RING_EVENTS),
      words: keys.map((_, c) => new Float64Array(buffer, column(2 + c), RING_EVENTS)),
      bits: keys.map((_, c) => new BigInt64Array(buffer, column(2 + c), RING_EVENTS)),
      measures: Array.from(
        { length: plain.length + texts.length },
        (_, i) => new Float64Array(buffer, column(2 + keys.length + i), RING_EVENTS),
      ),
    };
  });
}

/** Memory for the indices of a producer's ring, and for strings on their way. */
export function createControl(
  make: (bytes: number) => ArrayBufferLike,
): Pick<ProducerRingHandle, 'control' | 'definitions'> {
  return { control: make(CONTROL.bytes), definitions: make(definitionBytes()) };
}

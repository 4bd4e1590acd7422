/**
 * The chain of a key: its spans, which are disjoint, linked by `older` from the one that begins last to the one that
 * begins first.
 *
 * Most chains have one span to three, which are walked. A longer one has an index, so that finding a place in it and
 * removing a span from it take logarithmic time.
 *
 *     index     the spans of a chain in order of their starts (base/pointer-tree.ts)
 *     indexes   table by id, u32: the index of the chain, 0 if it has none; no table before the first index
 *
 * Law: an index lists the spans of its chain. A chain with an index has at least MIN_INDEXED spans, one without has at
 * most MAX_WALKED.
 */

import { lengthFor, resizeTable, tableBytes } from '../../base/id-table';
import {
  createTree,
  destroyTree,
  insertInTree,
  isTreeSound,
  lowerBoundOf,
  PointerTree,
  pointerIn,
  removeFromTree,
  upperBoundOf,
} from '../../base/pointer-tree';
import { Census } from '../../census';
import { Stream } from '../../stream';
import { areChangedSound, headOf, Span, SpanState, Spans, setHead } from './span';

/** The most spans of a chain without an index. */
const MAX_WALKED: i32 = 16;
/** The fewest spans of a chain with an index. */
const MIN_INDEXED: i32 = 8;
/** Upper bound on the bytes of an index for each of its spans: one block of 256 bytes and one of 64 for MIN_INDEXED. */
const INDEX_BYTES: f64 = 40;

/** Upper bound on the bytes that indexes need for n more spans, all ids then being below `ids`. */
export function indexBytes(spans: Spans, n: f64, ids: f64): f64 {
  const all = <f64>spans.live + n;
  if (all <= <f64>MAX_WALKED) return 0;
  return INDEX_BYTES * all + tableBytes<u32>(spans.indexCount, ids);
}

function indexOf(spans: Spans, id: u32): PointerTree | null {
  return id < spans.indexCount ? changetype<PointerTree>(load<u32>(spans.indexes + ((<usize>id) << 2))) : null;
}

function setIndex(spans: Spans, id: u32, index: usize): void {
  store<u32>(spans.indexes + ((<usize>id) << 2), <u32>index);
}

/** The first span of a chain that begins after time x, or with `at` at x or after it; null if there is none. */
export function nextAfter(spans: Spans, id: u32, x: f64, at: bool): Span {
  const index = indexOf(spans, id);
  if (index) {
    const start = offsetof<Span>('start');
    const i = at ? lowerBoundOf(index, start, x) : upperBoundOf(index, start, x);
    return changetype<Span>(i < index.length ? pointerIn(index, i) : 0);
  }
  let next = changetype<Span>(0);
  for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) {
    if (at ? span.start < x : span.start <= x) break;
    next = span;
  }
  return next;
}

/** Puts a span into the chain of its key, directly before `newer`; at its end if that is null. */
export function chain(stream: Stream, spans: Spans, span: Span, newer: Span | null): void {
  const id = span.id;
  if (newer) {
    span.older = newer.older;
    newer.older = <u32>changetype<usize>(span);
  } else {
    span.older = <u32>changetype<usize>(headOf(spans, id));
    setHead(spans, id, span);
  }
  const index = indexOf(spans, id);
  if (!index) buildIndex(stream, spans, id);
  else insertInTree(stream, index, newer ? placeOf(index, newer) : index.length, changetype<usize>(span));
}

/** Removes a span from the chain of its key. */
export function unchain(stream: Stream, spans: Spans, span: Span): void {
  const index = indexOf(spans, span.id);
  let newer = headOf(spans, span.id);
  if (index) {
    const i = placeOf(index, span);
    removeFromTree(stream, index, i);
    if (newer != span) newer = changetype<Span>(pointerIn(index, i));
  }
  if (newer == span) {
    setHead(spans, span.id, changetype<Span>(<usize>span.older));
  } else {
    while (<usize>newer.older != changetype<usize>(span)) newer = changetype<Span>(<usize>newer.older);
    newer.older = span.older;
  }
  if (index && index.length < MIN_INDEXED) dropIndex(stream, spans, span.id);
}

/** Takes all spans out of the chain of a key. Their links stay. */
export function takeChain(stream: Stream, spans: Spans, id: u32): void {
  setHead(spans, id, changetype<Span>(0));
  if (indexOf(spans, id)) dropIndex(stream, spans, id);
}

/** The place of a span in an index. Spans without length, whose gaps rounding has lost, may share a start. */
function placeOf(index: PointerTree, span: Span): i32 {
  let i = lowerBoundOf(index, offsetof<Span>('start'), span.start);
  while (pointerIn(index, i) != changetype<usize>(span)) i++;
  return i;
}

/** Gives a chain an index if it has more spans than are walked. */
function buildIndex(stream: Stream, spans: Spans, id: u32): void {
  let length = 0;
  for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) length++;
  if (length <= MAX_WALKED) return;
  const ids = lengthFor(spans.indexCount, id + 1);
  if (ids > spans.indexCount) {
    spans.indexes = resizeTable<u32>(stream, spans.indexes, spans.indexCount, ids, 0);
    spans.indexCount = ids;
  }
  const index = createTree(stream);
  for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) {
    insertInTree(stream, index, 0, changetype<usize>(span));
  }
  setIndex(spans, id, changetype<usize>(index));
}

function dropIndex(stream: Stream, spans: Spans, id: u32): void {
  destroyTree(stream, changetype<PointerTree>(load<u32>(spans.indexes + ((<usize>id) << 2))));
  setIndex(spans, id, 0);
}

/**
 * Whether the chain of each key is whole: spans of that key that have not been dropped, disjoint, the latest first, all
 * of them counted and in the index of the chain. Counts them in a census.
 */
export function areChainsWhole(spans: Spans, census: Census): bool {
  let live: u32 = 0;
  for (let id: u32 = 0; id < spans.headCount; id++) {
    const index = indexOf(spans, id);
    let newer = changetype<Span>(0);
    let length = 0;
    for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) {
      if (span.id != id || span.state >= <u8>SpanState.superseded || !(span.start <= span.end)) return false;
      if (newer && span.end > newer.start) return false;
      length++;
      if (index && (length > index.length || pointerIn(index, index.length - length) != changetype<usize>(span)))
        return false;
      census.countPin(id);
      newer = span;
    }
    if (index ? length != index.length || length < MIN_INDEXED || !isTreeSound(index) : length > MAX_WALKED)
      return false;
    live += length;
  }
  return live == spans.live && areChangedSound(spans);
}

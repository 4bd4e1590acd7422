/**
 * Puts results in order where several stores make them, each in its own order: by cause (the event that fired them),
 * then by end, by start, and by the window's place in the spec.
 *
 * Cost: a stable bottom-up merge sort of the results that one batch added; one pass if they are in order already.
 */

import { allocate, release } from '../base/allocator';
import { Stream, windowAt } from '../stream';
import { Outbox, outputColumn } from './outbox';

/** Upper bound on the bytes that ordering n results takes while it runs. */
export function orderBytes(n: f64): f64 {
  return n * 16 + 256;
}

/** Orders the results from index `from` on, if the plan asks for order. */
export function orderResults(stream: Stream, from: i32): void {
  const outbox = changetype<Outbox>(stream.outbox);
  if (!stream.ordered || isSorted(stream, outbox, from)) return;
  const n = outbox.length - from;
  const results = stream.results;
  let list = allocate(results, (<usize>n) << 2);
  let other = allocate(results, (<usize>n) << 2);
  for (let i = 0; i < n; i++) store<u32>(list + ((<usize>i) << 2), from + i);
  for (let width = 1; width < n; width *= 2) {
    for (let low = 0; low < n; low += 2 * width)
      merge(stream, outbox, list, other, low, min(low + width, n), min(low + 2 * width, n));
    const merged = other;
    other = list;
    list = merged;
  }
  release(results, other);
  const scratch = allocate(results, (<usize>n) << 3);
  permute<f64>(outbox.starts, list, scratch, from, n);
  permute<f64>(outbox.ends, list, scratch, from, n);
  permute<u32>(outbox.ids, list, scratch, from, n);
  permute<u8>(outbox.windows, list, scratch, from, n);
  permute<u8>(outbox.firingKinds, list, scratch, from, n);
  // Causes stay as they are: nothing reads those of earlier batches.
  if (outbox.firings) permute<u32>(outbox.firings, list, scratch, from, n);
  for (let i = 0; i < stream.outputCount; i++) permute<f64>(outputColumn(outbox, i), list, scratch, from, n);
  release(results, scratch);
  release(results, list);
}

/** Whether the results from index `from` on are in order. */
function isSorted(stream: Stream, outbox: Outbox, from: i32): bool {
  for (let i = from + 1; i < outbox.length; i++) if (isAfter(stream, outbox, i - 1, i)) return false;
  return true;
}

/** Whether result a must come after result b. */
function isAfter(stream: Stream, outbox: Outbox, a: u32, b: u32): bool {
  const causeA = load<u32>(outbox.causes + ((<usize>a) << 2));
  const causeB = load<u32>(outbox.causes + ((<usize>b) << 2));
  if (causeA != causeB) return causeA > causeB;
  const endA = load<f64>(outbox.ends + ((<usize>a) << 3));
  const endB = load<f64>(outbox.ends + ((<usize>b) << 3));
  if (endA != endB) return endA > endB;
  const startA = load<f64>(outbox.starts + ((<usize>a) << 3));
  const startB = load<f64>(outbox.starts + ((<usize>b) << 3));
  if (startA != startB) return startA > startB;
  return placeOf(stream, load<u8>(outbox.windows + <usize>a)) > placeOf(stream, load<u8>(outbox.windows + <usize>b));
}

/** The place in the spec of window w of the plan. */
function placeOf(stream: Stream, w: i32): u32 {
  return windowAt(stream, w).place;
}

/** Merges the sorted runs [low, middle) and [middle, high) of the list `from` into the list `to`. */
function merge(stream: Stream, outbox: Outbox, from: usize, to: usize, low: i32, middle: i32, high: i32): void {
  let a = low;
  let b = middle;
  for (let i = low; i < high; i++) {
    const left = load<u32>(from + ((<usize>a) << 2));
    const right = b < high ? load<u32>(from + ((<usize>b) << 2)) : 0;
    const takeLeft = a < middle && (b >= high || !isAfter(stream, outbox, left, right));
    store<u32>(to + ((<usize>i) << 2), takeLeft ? left : right);
    if (takeLeft) a++;
    else b++;
  }
}

/** Reorders the cells of a column from index `from` on: cell from + i becomes the one at index `order[i]`. */
function permute<T>(column: usize, order: usize, scratch: usize, from: i32, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<T>(scratch + i * sizeof<T>(), load<T>(column + <usize>load<u32>(order + (i << 2)) * sizeof<T>()));
  }
  memory.copy(column + <usize>from * sizeof<T>(), scratch, <usize>n * sizeof<T>());
}

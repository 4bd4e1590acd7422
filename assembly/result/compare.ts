/** Compares rows that should hold the same events, for the laws that stores verify (check.ts). */

import { allocate, Owner, release } from '../base/allocator';
import { Stream } from '../stream';
import { lowerRow } from './lower';
import { Outbox } from './outbox';

/** How far outputs of two rows may lie apart that were combined in another order. */
const TOLERANCE = 1e-6;

/**
 * Whether two rows give the same outputs, rounding apart. Outputs that are lists are not compared. Not for streams with
 * heap states, nor for packed results.
 */
export function areSame(stream: Stream, row: usize, other: usize): bool {
  if (load<f64>(row) != load<f64>(other)) return false;
  const nobody = changetype<Owner>(0);
  const outbox = changetype<Outbox>(stream.outbox);
  const lists = outbox.listLength;
  const bytes = (<usize>stream.outputCount) << 3;
  const cells = allocate(nobody, 2 * bytes + 8);
  const list = cells + 2 * bytes;
  store<u32>(list, <u32>row);
  lowerRow(stream, list, cells);
  store<u32>(list, <u32>other);
  lowerRow(stream, list, cells + bytes);
  outbox.listLength = lists;
  let same = true;
  let cell = cells;
  for (let part = stream.parts.first; part != stream.parts.end; part = part.next) {
    if (!part.output) continue;
    const a = load<f64>(cell);
    const b = load<f64>(cell + bytes);
    const isNear = a == b || abs(a - b) <= TOLERANCE * max(1.0, max(abs(a), abs(b))) || (a != a && b != b);
    if (!part.listLimit && !isNear) same = false;
    cell += 8;
  }
  release(nobody, cells);
  return same;
}

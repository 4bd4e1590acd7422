/**
 * Retained windows: windows that the watermark has passed and that still accept late events. Each is a pane that holds
 * the combined row of every key. A late event is folded into its key's row there, and that row fires again; slices and
 * stacks are not involved.
 *
 * Law: `stacks.retained` lists the retained windows of one window of the plan in order of their number k. A window
 * leaves the list when the watermark passes its end and the allowed lateness.
 *
 * Cost: a row for each key of each retained window, copied when the window fires.
 */

import { allocate } from '../../base/allocator';
import { lowerBoundOf } from '../../base/pointer-tree';
import { countRow, Dictionary } from '../../ingest/dictionary';
import { cloneRow } from '../../state/rows';
import { copyRow, EMITTED, FIRINGS, firesAgain, Stream } from '../../stream';
import * as edges from './edges';
import * as pane from './panes';
import { Pane } from './panes';
import { combineNext, nextRow, Stacks } from './two-stacks';

/**
 * Retains window k, which is about to fire: combines its rows into a new pane, which it returns. The window must be the
 * next one of the stacks (`skipTo`).
 */
export function retain(stream: Stream, stacks: Stacks, k: f64): Pane {
  const keys = changetype<Dictionary>(stream.dictionary);
  const retained = addRetained(stream, stacks, k);
  for (let b: u32 = 0; b < stacks.blocks; b++) {
    let bits: u64 = 0;
    for (let i: u32 = 0; i < 64 && (b << 6) + i < keys.limit; i++) {
      if (nextRow(stream, stacks, (b << 6) + i, 0, 1)) bits |= (<u64>1) << i;
    }
    if (!bits) continue;
    const rows = allocate(stream, <usize>popcnt(bits) * stream.stride);
    let row = rows;
    let listed = 0;
    let offset: usize = 0;
    for (let left = bits; left; left &= left - 1) {
      const id = (b << 6) + <u32>ctz(left);
      copyRow(stream, row, stream.empty);
      const from = nextRow(stream, stacks, id, listed, row);
      if (from == row) listed++;
      else cloneRow(stream, row, from);
      store<u32>(stream.scratch.chunkRows + offset, <u32>row);
      store<u32>(stream.scratch.chunkIds + offset, id);
      offset += 4;
      countRow(stream, keys, id);
      if (firesAgain(stream)) {
        store<f64>(row, 0, EMITTED);
        store<f64>(row, 0, FIRINGS);
      }
      row += stream.stride;
    }
    combineNext(stream, stacks, stream.scratch.chunkRows, stream.scratch.chunkIds, <i32>(offset >> 2), listed);
    pane.appendPiece(stream, retained, b, bits, rows);
  }
  return retained;
}

/** Returns the retained window k. If there is none, because the window had no events, it adds an empty one. */
export function retainedWindow(stream: Stream, stacks: Stacks, k: f64): Pane {
  const i = lowerBoundOf(stacks.retained, offsetof<Pane>('k'), k);
  if (i < stacks.retained.length && pane.paneAt(stacks.retained, i).k == k) return pane.paneAt(stacks.retained, i);
  return addRetained(stream, stacks, k);
}

function addRetained(stream: Stream, stacks: Stacks, k: f64): Pane {
  const added = pane.createPane(stream, edges.start(stacks.window, k), edges.end(stacks.window, k), 1);
  added.k = k;
  pane.insertPane(stream, stacks.retained, lowerBoundOf(stacks.retained, offsetof<Pane>('k'), k), added);
  return added;
}

/** Drops the retained windows whose allowed lateness the watermark has passed. */
export function releaseRetained(stream: Stream, stacks: Stacks): void {
  while (stacks.retained.length && pane.paneAt(stacks.retained, 0).end + stream.allowedLateness <= stream.watermark) {
    pane.dropFirst(stream, stacks.retained);
  }
}

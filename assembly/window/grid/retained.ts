/**
 * Windows that fired and still take late events: each a pane of its own, in order of their numbers, that holds what the
 * window gave for every key. A late event is folded in there, and the key given out again; no other window is asked.
 */

import { allocate } from '../../base/allocator';
import { addRow, Dictionary } from '../../ingest/dictionary';
import { cloneRow } from '../../state/rows';
import { copyRow, EMITTED, FIRINGS, firesAgain, Stream } from '../../stream';
import * as edges from './edges';
import * as pane from './panes';
import { Pane } from './panes';
import { combineNext, nextRow, Stacks } from './two-stacks';

/** Keeps the window that fires for late events: its rows, packed, by id. */
export function retain(stream: Stream, stacks: Stacks, k: f64): Pane {
  const keys = changetype<Dictionary>(stream.dictionary);
  const kept = addRetained(stream, stacks, k);
  for (let b: u32 = 0; b < stacks.blocks; b++) {
    let bits: u64 = 0;
    for (let i: u32 = 0; i < 64 && (b << 6) + i < keys.limit; i++) {
      if (nextRow(stream, stacks, (b << 6) + i, 0, 1)) bits |= (<u64>1) << i;
    }
    if (!bits) continue;
    const rows = allocate(stream, <usize>popcnt(bits) * stream.stride);
    let row = rows;
    let n = 0;
    let listed: usize = 0;
    for (let left = bits; left; left &= left - 1) {
      const id = (b << 6) + <u32>ctz(left);
      copyRow(stream, row, stream.empty);
      const from = nextRow(stream, stacks, id, n, row);
      if (from == row) n++;
      else cloneRow(stream, row, from);
      store<u32>(stream.chunkRows + listed, <u32>row);
      store<u32>(stream.chunkIds + listed, id);
      listed += 4;
      addRow(stream, keys, id);
      if (firesAgain(stream)) {
        store<f64>(row, 0, EMITTED);
        store<f64>(row, 0, FIRINGS);
      }
      row += stream.stride;
    }
    combineNext(stream, stacks, stream.chunkRows, stream.chunkIds, <i32>(listed >> 2), n);
    pane.appendPiece(stream, kept, b, bits, rows);
  }
  return kept;
}

/** The held window k, made empty where there is none. */
export function retainedWindow(stream: Stream, stacks: Stacks, k: f64): Pane {
  for (let i = 0; i < stacks.retained.count; i++) {
    const held = pane.paneAt(stacks.retained, i);
    if (held.k == k) return held;
  }
  return addRetained(stream, stacks, k);
}

function addRetained(stream: Stream, stacks: Stacks, k: f64): Pane {
  const added = pane.createPane(stream, edges.start(stacks.window, k), edges.end(stacks.window, k), 1);
  added.k = k;
  let i = stacks.retained.count;
  while (i > 0 && pane.paneAt(stacks.retained, i - 1).k > k) i--;
  pane.insertPane(stream, stacks.retained, i, added);
  return added;
}

/** Windows past their allowed lateness are no longer held. */
export function releaseRetained(stream: Stream, stacks: Stacks): void {
  while (stacks.retained.count && pane.paneAt(stacks.retained, 0).end + stream.allowedLateness <= stream.watermark) {
    pane.dropFirst(stream, stacks.retained);
  }
}

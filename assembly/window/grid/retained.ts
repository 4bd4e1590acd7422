/**
 * Windows that fired and still take late events: each a pane of its own, in order of their numbers, that holds what the
 * window gave for every key. A late event is folded in there, and the key given out again; no other window is asked.
 */

import { Dictionary, retain } from '../../ingest/dictionary';
import { allocate } from '../../base/allocator';
import * as pane from './panes';
import { Pane } from './panes';
import { cloneRow } from '../../state/rows';
import { combinePresent, presentRow, Stacks } from './two-stacks';
import { copyRow, FIRINGS, GIVEN, refires, Stream } from '../../stream';
import * as time from './edges';

/** Keeps the window that fires for late events: its rows, packed, by id. */
export function hold(stream: Stream, stacks: Stacks, k: f64): Pane {
  const keys = changetype<Dictionary>(stream.dictionary);
  const kept = addHeld(stream, stacks, k);
  for (let b: u32 = 0; b < stacks.blocks; b++) {
    let bits: u64 = 0;
    for (let i: u32 = 0; i < 64 && (b << 6) + i < keys.limit; i++) {
      if (presentRow(stream, stacks, (b << 6) + i, 0, 1)) bits |= (<u64>1) << i;
    }
    if (!bits) continue;
    const rows = allocate(stream, <usize>popcnt(bits) * stream.stride);
    let row = rows;
    let n = 0;
    let listed: usize = 0;
    for (let left = bits; left; left &= left - 1) {
      const id = (b << 6) + <u32>ctz(left);
      copyRow(stream, row, stream.empty);
      const from = presentRow(stream, stacks, id, n, row);
      if (from == row) n++;
      else cloneRow(stream, row, from);
      store<u32>(stream.chunkRows + listed, <u32>row);
      store<u32>(stream.chunkIds + listed, id);
      listed += 4;
      retain(stream, keys, id);
      if (refires(stream)) {
        store<f64>(row, 0, GIVEN);
        store<f64>(row, 0, FIRINGS);
      }
      row += stream.stride;
    }
    combinePresent(stream, stacks, stream.chunkRows, stream.chunkIds, <i32>(listed >> 2), n);
    pane.appendPiece(stream, kept, b, bits, rows);
  }
  return kept;
}

/** The held window k, made empty where there is none. */
export function heldWindow(stream: Stream, stacks: Stacks, k: f64): Pane {
  for (let i = 0; i < stacks.held.count; i++) {
    const held = pane.paneAt(stacks.held, i);
    if (held.k == k) return held;
  }
  return addHeld(stream, stacks, k);
}

function addHeld(stream: Stream, stacks: Stacks, k: f64): Pane {
  const added = pane.createPane(stream, time.start(stacks.window, k), time.end(stacks.window, k), 1);
  added.k = k;
  let i = stacks.held.count;
  while (i > 0 && pane.paneAt(stacks.held, i - 1).k > k) i--;
  pane.insertPane(stream, stacks.held, i, added);
  return added;
}

/** Windows past their allowed lateness are no longer held. */
export function letGo(stream: Stream, stacks: Stacks): void {
  while (stacks.held.count && pane.paneAt(stacks.held, 0).end + stream.allowedLateness <= stream.watermark) {
    pane.dropFirst(stream, stacks.held);
  }
}

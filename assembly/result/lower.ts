/** Lowering: turns states into results, either columns of the outbox or the cells of an answer. */

import { Firing } from '../plan';
import { FIRINGS, Stream } from '../stream';
import { Outbox, openResults, outputColumn } from './outbox';
import { packRows } from './pack';

/**
 * Lowers n listed rows into the outputs of results `from` up to `from + n`, which must have been opened
 * (`openResults`). In a partial stream the one output is the packed row (pack.ts).
 */
export function putOutputs(stream: Stream, rows: usize, from: i32, n: i32): void {
  const outbox = changetype<Outbox>(stream.outbox);
  if (stream.partial) {
    packRows(stream, rows, outputColumn(outbox, 0) + ((<usize>from) << 3), n);
    return;
  }
  const parts = stream.parts;
  let output = 0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.output) continue;
    const column = outputColumn(outbox, output++) + ((<usize>from) << 3);
    part.lowerRows(rows, column, n);
  }
}

/** Lowers the first listed row into one cell of 8 bytes per output, side by side from address `out` on. */
export function lowerRow(stream: Stream, rows: usize, out: usize): void {
  if (stream.partial) {
    packRows(stream, rows, out, 1);
    return;
  }
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.output) continue;
    part.lowerRows(rows, out, 1);
    out += 8;
  }
}

/**
 * Adds n results of one window to the outbox: the n listed rows, lowered, with their listed ids. `firing` is a Firing,
 * to which `final` is added if the window is closed. All n have one cause.
 */
export function putResults(
  stream: Stream,
  rows: usize,
  ids: usize,
  n: i32,
  start: f64,
  end: f64,
  window: i32,
  firing: i32,
  cause: i32,
): void {
  const from = openResults(stream, n);
  const outbox = changetype<Outbox>(stream.outbox);
  if (end + stream.allowedLateness <= stream.watermark) firing |= Firing.final;
  for (let i: usize = 0; i < <usize>n; i++) {
    const place = <usize>from + i;
    store<f64>(outbox.starts + (place << 3), start);
    store<f64>(outbox.ends + (place << 3), end);
    store<u32>(outbox.ids + (place << 2), load<u32>(ids + (i << 2)));
    store<u8>(outbox.windows + place, window);
    store<u8>(outbox.firingKinds + place, firing);
    if (outbox.firings) store<u32>(outbox.firings + (place << 2), <u32>load<f64>(load<u32>(rows + (i << 2)), FIRINGS));
    if (outbox.causes) store<u32>(outbox.causes + (place << 2), cause);
  }
  putOutputs(stream, rows, from, n);
}

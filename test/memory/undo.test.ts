/**
 * Catches an undo that reaches into memory to which a producer on another thread writes at the time, or that forgets to
 * restore the events at hand there.
 */

import { expect, test } from 'vitest';
import { count, sum, tumbling, windowed } from '../../bindings';
import { core } from '../../bindings/base/core';
import { Engine } from '../../bindings/engine/engine';
import { check } from '../../bindings/spec/check';
import { createColumns } from '../../bindings/worker/consumer-ring';
import { layoutOf, segmentsAt } from '../../bindings/worker/ring-layout';
import { refused } from '../support/helpers';

//   place      0 … 9   10 … 19              20 … 4095
//              read    undone: old values   the producer's: new values
test('an undo restores the events at hand and leaves those that a producer writes meanwhile', () => {
  // The first stream brings the core.
  using _ = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count(), s: sum('v') } } as const;
  const engine = new Engine(check(spec, core().aggregates), core());
  const { buffer, address, bytes } = createColumns(engine);
  const [first] = segmentsAt(buffer, address, bytes, layoutOf(engine));
  const columns = first && [first.times, first.ids, ...first.words, ...first.measures];
  if (!columns) throw new Error('no segment');
  for (const column of columns) column.fill(1);
  engine.core.exports.useSegment(engine.handle, address, 10);
  engine.core.batchInUse = [engine.handle, 10, 10];
  const fail = () => {
    for (const column of columns) column.fill(2, 10);
    throw new WebAssembly.RuntimeError('memory is full');
  };
  refused('ERR_ORIEL_MEMORY', () => engine.core.atomically(engine.handle, Number.POSITIVE_INFINITY, fail));
  engine.core.batchInUse = undefined;
  for (const column of columns) {
    expect([...column.subarray(0, 20)]).toEqual(new Array(20).fill(1));
    expect([...column.subarray(20)]).toEqual(new Array(column.length - 20).fill(2));
  }
  engine.useOwnColumns();
  engine.core.exports.destroySegments(address);
  engine.core.exports.destroy(engine.handle);
});

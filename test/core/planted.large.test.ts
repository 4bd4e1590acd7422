/**
 * Shows that the laws catch what they are there for (assembly/law.ts). In each plant the core has one slip that breaks
 * a law; random streams must find it, and the law that is reported must be that one. This suite catches a law that
 * holds whatever the core does, because `verify` of some store looks at the wrong thing or at nothing.
 */

import { dirname } from 'node:path/posix';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Law } from '../../assembly/law';
import type { Edit } from '../support/edit';
import { compileCore } from './planted-core';

type Family = 'grid' | 'sessions' | 'byRows' | 'rollings' | 'all' | 'strewn';

interface Plant extends Edit {
  /** The law that is broken. */
  readonly law: keyof typeof Law;
  /** What has been planted. */
  readonly slip: string;
  /** The windows of the streams that run, where the folder of the file does not tell. */
  readonly windows?: Family;
}

const PLANTS: Plant[] = [
  {
    law: 'blocks',
    file: 'base/allocator.ts',
    slip: 'a block that is freed is not marked as such in the next one',
    find: '  store<u32>(right, load<u32>(right) | LEFT_FREE);\n',
    replace: '',
  },
  {
    law: 'blocks',
    file: 'base/allocator.ts',
    slip: 'a block that is freed is not merged with the free one after it',
    find: 'if (load<u32>(right) & FREE) {',
    replace: 'if (false) {',
  },
  {
    law: 'freeLists',
    file: 'base/allocator.ts',
    slip: 'a list that loses a block from its middle loses those before it',
    find: '    store<u32>(previous, <u32>next, 16);\n    return;\n',
    replace: '    store<u32>(previous, <u32>next, 16);\n',
  },
  {
    law: 'live',
    file: 'window/grid/panes.ts',
    slip: 'rows of a pane that is destroyed stay counted',
    find: '      uncountRow(keys, (blockOf(piece) << 6) + bit);\n',
    replace: '',
  },
  {
    law: 'live',
    file: 'window/grid/two-stacks.ts',
    slip: 'rows that are copied into a pane are not counted',
    find: 'for (let left = bits; left; left &= left - 1) countRow(stream, keys, (b << 6) + <u32>ctz(left));',
    replace: '',
  },
  {
    law: 'live',
    file: 'window/grid/triggered.ts',
    slip: 'a row that firings have reset is counted again',
    find: 'if (!isPresent(stream, row)) countRow',
    replace: 'if (load<f64>(row) == 0) countRow',
  },
  {
    law: 'pins',
    file: 'window/keyed/span.ts',
    slip: 'a span that is dropped leaves its id pinned',
    find: '  unpin(changetype<Dictionary>(stream.dictionary), span.id);\n',
    replace: '',
  },
  {
    law: 'pins',
    file: 'window/session/closed.ts',
    slip: 'a session that is forgotten leaves its id pinned',
    find: '  unpin(changetype<Dictionary>(stream.dictionary), id);\n',
    replace: '',
  },
  {
    law: 'pins',
    file: 'window/session/capped.ts',
    slip: 'an event that waits does not pin its id',
    find: '    pin(keys, event.id);\n',
    replace: '',
  },
  {
    law: 'pins',
    file: 'ingest/counter-steps.ts',
    slip: 'a sample that is remembered does not pin its id',
    find: '      pin(keys, id);\n',
    replace: '',
  },
  {
    law: 'order',
    file: 'ingest/dictionary.ts',
    slip: 'ids keep their old places when the order is compacted',
    find: '    store<u32>(keys.place + ((<usize>id) << 2), length);\n',
    replace: '',
  },
  {
    law: 'order',
    file: 'ingest/dictionary.ts',
    slip: 'an id that dies while it is pinned is not counted as alive',
    find: '    if (!isPinned(keys, id)) keys.aliveCount--;',
    replace: '    keys.aliveCount--;',
  },
  {
    law: 'slices',
    file: 'window/grid/slices.ts',
    slip: 'a new slice is put at the end',
    find: 'insertSlice(stream, slices, i, slice);',
    replace: 'insertSlice(stream, slices, slices.length, slice);',
  },
  {
    law: 'slices',
    file: 'window/grid/slices.ts',
    slip: 'a slice reaches over the end of its oldest window',
    find: 'next > t ? min(next, cell.oldestEnd) : cell.oldestEnd',
    replace: 'next > t ? next : cell.oldestEnd',
  },
  {
    law: 'schedule',
    file: 'window/grid/fire.ts',
    slip: 'earlier events do not change which window is due first',
    find: '    if (from < stacks.foundFrom) find(stacks, from);\n',
    replace: '',
  },
  {
    law: 'slices',
    file: 'window/grid/slices.ts',
    slip: 'a cell is known beyond its end',
    find: 'window.edges ? cell.from : cell.to;',
    replace: 'window.edges ? cell.from : cell.to + 1;',
  },
  {
    law: 'panes',
    file: 'window/grid/retained.ts',
    slip: 'a window that is retained late is put at the end',
    find: "pane.insertPane(stream, stacks.retained, lowerBoundOf(stacks.retained, offsetof<Pane>('k'), k), added);",
    replace: 'pane.insertPane(stream, stacks.retained, stacks.retained.length, added);',
  },
  {
    law: 'panes',
    file: 'window/grid/panes.ts',
    slip: 'a piece for a late row is put at the end',
    find: 'insertPiece(stream, pane, i, block, bit, row);',
    replace: 'insertPiece(stream, pane, pane.count, block, bit, row);',
  },
  {
    law: 'panes',
    file: 'window/grid/two-stacks.ts',
    slip: 'a pane that ends where the next window starts is kept',
    find: 'paneAt(stacks, 0).end <= start) evictPane',
    replace: 'paneAt(stacks, 0).end < start) evictPane',
  },
  {
    law: 'triggered',
    file: 'window/grid/triggered.ts',
    slip: 'a window is put after the one that follows it',
    find: 'insertSlice(stream, list, i, window);',
    replace: 'insertSlice(stream, list, list.length, window);',
  },
  {
    law: 'triggered',
    file: 'window/grid/triggered.ts',
    slip: 'a window that a late event opens does not count as fired',
    find: '  if (i < triggered.firedCount || window.end <= stream.watermark) triggered.firedCount++;\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/grid/two-stacks.ts',
    slip: 'a slice is not combined into the back',
    find: '  combineRows(stream, stacks.overlaps ? stream.inlineParts : stream.parts, n);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/grid/two-stacks.ts',
    slip: 'a late event is not folded into the back',
    find: '    foldRow(stream, stream.inlineParts, makeBackRow(stream, stacks, id), at);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/grid/two-stacks.ts',
    slip: 'a flip leaves the rows of panes as they are',
    find: '      if (after) listRow(stream, n++, row, row, after);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/grid/two-stacks.ts',
    slip: 'the front is not moved when a pane is evicted',
    find: '    else findFronts(stream, stacks, b, pane.bitsOf(piece), 1);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/count/pane-queue.ts',
    slip: 'the first pane of the back is combined with what the back held before',
    find: 'queue.hasBack ? back : stream.empty, rowOf(pane)',
    replace: 'back, rowOf(pane)',
  },
  {
    law: 'combination',
    file: 'window/count/pane-queue.ts',
    slip: 'a flip does not combine the bounds of panes',
    find: '    pane.note = max(pane.note, after.note);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/rolling/history.ts',
    slip: 'a flip does not empty the back',
    find: '  copyState(backOf(history), empty, heapStatesAt);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/rolling/history.ts',
    slip: 'a flip does not combine the events of the front',
    find: '    combineStates(parts, before + 4, before + 4, before, <i32>(count - first));\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/rolling/unkeyed.ts',
    slip: 'a flip does not empty the back',
    find: '  clearState(stream, unkeyed.back, 0);\n',
    replace: '',
  },
  {
    law: 'combination',
    file: 'window/rolling/unkeyed.ts',
    slip: 'a flip begins at the frame before',
    find: '(<usize>(low - unkeyed.head)) << 3, n);',
    replace: '(<usize>(unkeyed.low - unkeyed.head)) << 3, n);',
  },
  {
    law: 'chains',
    file: 'window/keyed/chain.ts',
    windows: 'sessions',
    slip: 'a session that begins before another becomes the last one of its key',
    find: '  if (newer) {\n    span.older',
    replace: '  if (false) {\n    span.older',
  },
  {
    law: 'chains',
    file: 'window/session/session.ts',
    slip: 'a session that is retained gets no time to be dropped at',
    find: '      schedule(stream, sessions, span);\n      return;\n',
    replace: '      return;\n',
  },
  {
    law: 'chains',
    file: 'window/session/capped.ts',
    slip: 'a session that has fired stays in the chain of its key',
    find: '    unchain(stream, capped, span);\n',
    replace: '',
  },
  {
    law: 'chains',
    file: 'window/keyed/chain.ts',
    windows: 'strewn',
    slip: 'a long chain gets no index',
    find: '  if (length <= MAX_WALKED) return;\n',
    replace: '  if (length) return;\n',
  },
  {
    law: 'chains',
    file: 'window/keyed/chain.ts',
    windows: 'strewn',
    slip: 'a session joins the index after the one that it comes before',
    find: 'newer ? placeOf(index, newer) : index.length',
    replace: 'newer ? placeOf(index, newer) + 1 : index.length',
  },
  {
    law: 'chains',
    file: 'base/pointer-tree.ts',
    windows: 'strewn',
    slip: 'a branch does not note that a pointer has become the first of a child',
    find: '    setChild(node, c, child, height - 1);\n    if (!split)',
    replace: '    store<u32>(entryAt(node, 1, c), countBelow(child, height - 1), 4);\n    if (!split)',
  },
  {
    law: 'chains',
    file: 'window/count/filled.ts',
    slip: 'a window that is full stays the one of its key',
    find: '      setHead(filled, id, changetype<Span>(0));\n',
    replace: '',
  },
  {
    law: 'chains',
    file: 'window/count/pane-queue.ts',
    slip: 'a queue does not know its key',
    find: '  queue.id = id;\n',
    replace: '',
  },
  {
    law: 'chains',
    file: 'window/rolling/rolling.ts',
    slip: 'an event that waits does not lead back to the one after it',
    find: '  if (event.next) changetype<Event>(<usize>event.next).previous = <u32>changetype<usize>(event);\n',
    replace: '',
  },
  {
    law: 'heap',
    file: 'base/priority-queue.ts',
    slip: 'an entry is compared with the wrong parent',
    find: 'const parent = (i - 1) >> 2;',
    replace: 'const parent = i >> 2;',
  },
  {
    law: 'heap',
    file: 'base/priority-queue.ts',
    slip: 'the last of four children is not looked at',
    find: 'const end = min(least + 4, heap.length);',
    replace: 'const end = min(least + 3, heap.length);',
  },
  {
    law: 'wheel',
    file: 'window/session/timing-wheel.ts',
    slip: 'a bucket still counts the spans that were taken out',
    find: '    store<u32>(wheel.counts + slot, 0);\n',
    replace: '',
  },
  {
    law: 'wheel',
    file: 'window/session/timing-wheel.ts',
    slip: 'the wheel still counts the spans that were taken out',
    find: '  wheel.count -= total;\n',
    replace: '',
  },
  {
    law: 'wheel',
    file: 'window/session/timing-wheel.ts',
    slip: 'ready spans of one due time are in any order',
    find: 'isBefore(key, tie, at - ENTRY_BYTES)',
    replace: 'key < load<f64>(at - ENTRY_BYTES)',
  },
  {
    law: 'waiting',
    file: 'window/keyed/reorder.ts',
    windows: 'sessions',
    slip: 'an event just before the last one joins the queue',
    find: 'event.time < reorder.last) {',
    replace: 'event.time < reorder.last - 1) {',
  },
  {
    law: 'waiting',
    file: 'window/keyed/reorder.ts',
    windows: 'rollings',
    slip: 'the queue does not note the time of its last event',
    find: '  reorder.last = event.time;\n',
    replace: '',
  },
  {
    law: 'waiting',
    file: 'window/rolling/unkeyed.ts',
    slip: 'the split stays behind when all events are dropped',
    find: '  unkeyed.split = unkeyed.tail;\n',
    replace: '',
  },
];

/** The windows of the streams that run, by the folder of the edited file; all windows for others. */
const WINDOWS: Partial<Record<string, Family>> = {
  ingest: 'grid',
  'window/grid': 'grid',
  'window/session': 'sessions',
  'window/count': 'byRows',
  'window/rolling': 'rollings',
};

/** How many random streams a core has to run. */
const STREAMS = 200;

/** Runs random streams on a core until one fails, and returns the error; undefined if none fails. */
async function firstError(module: WebAssembly.Module, family: Family): Promise<string | undefined> {
  // Each core has bindings of its own.
  vi.resetModules();
  const { provideCore } = await import('../../bindings/base/core');
  provideCore(() => module);
  const { checkLaws } = await import('../support/check-laws');
  const { FAMILIES, play, scenarioOf, strewnOf } = await import('../support/scenarios');
  checkLaws();
  const streams = family === 'strewn' ? strewnOf(FAMILIES.sessions) : scenarioOf(FAMILIES[family], 6);
  for (const s of fc.sample(streams, { seed: 5, numRuns: STREAMS })) {
    try {
      play(s, s.cuts);
    } catch (error) {
      return String(causeOf(error));
    }
  }
  return undefined;
}

/** The error because of which a stream was disposed of, where that failed too. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && 'suppressed' in error ? causeOf(error.suppressed) : error;
}

test.each<Family>(['grid', 'sessions', 'byRows', 'rollings', 'all', 'strewn'])(
  'a core without a slip breaks no law, in windows: %s',
  async (windows) => {
    expect(await firstError(await compileCore(), windows)).toBeUndefined();
  },
);

test('every law has a plant', () => {
  const names = Object.keys(Law).filter((name) => Number.isNaN(Number(name)) && name !== 'none');
  expect([...new Set(PLANTS.map(({ law }) => law))].sort()).toEqual(names.sort());
});

test.each(PLANTS)('$law, $file: $slip', async ({ law, windows, ...edit }) => {
  const module = await compileCore(edit);
  expect(await firstError(module, windows ?? WINDOWS[dirname(edit.file)] ?? 'all')).toBe(
    `Error: the core broke a law: ${law}`,
  );
});

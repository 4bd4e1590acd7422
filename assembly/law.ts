/** The laws that `check` (assembly/check.ts) verifies in the debug build, by number. Both compilers read this file. */
export enum Law {
  /** All laws hold. */
  none,
  /** Blocks of memory are gapless, their flags are right, and no two neighbours are both free. */
  blocks,
  /** Every free block is in the list of its size. */
  freeLists,
  /** `live` of an id is the number of rows on a grid that hold it. */
  live,
  /** `pins` of an id is the number of things that other stores and samples keep of it. */
  pins,
  /** The order of the dictionary lists every live id once, and the counts of ids are right. */
  order,
  /** Slices are disjoint, in order, and end after `sealedTo`. */
  slices,
  /** No window on a grid is due before the time at which the store looks for such windows. */
  schedule,
  /** Panes are disjoint, in order, end after the start of the next window, and their pieces are in order. */
  panes,
  /** Windows that fire early stand in order of number, those that have fired first. */
  triggered,
  /** The back is the combination of what it stands for, and each row of the front holds the rows after it. */
  combination,
  /** The chain of each key is whole: its spans or events are linked, of that key, in order, and all are counted. */
  chains,
  /** No entry of a heap comes before its parent. */
  heap,
  /** Each bucket of the timing wheel has the spans that it counts, none due before it; ready spans are in order. */
  wheel,
  /** Events that wait, and those of a frame, are in order of time; positions are in order. */
  waiting,
}

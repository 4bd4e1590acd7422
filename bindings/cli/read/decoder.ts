/** The interface of decoders, which turn bytes into rows. */

import type { Unit } from '../options';
import type { BadLines } from './bad-lines';
import type { Batch } from './column-batch';
import { BadValue, type Field } from './fields';

/** What decoders of all formats need. */
export interface Task {
  readonly file: string;
  readonly fields: readonly Field[];
  readonly unit: Unit;
  readonly batch: Batch;
  readonly badLines: BadLines;
}

/** How much one step read. */
export interface Step {
  readonly bytes: number;
  readonly lines: number;
}

export interface Decoder {
  /** Number of lines read. */
  readonly lines: number;
  /**
   * Adds all complete rows to the batch; of the last bytes of a file, everything.
   * @returns the number of bytes consumed
   */
  decode(bytes: Buffer, isLast: boolean): number;
}

/** Adds a row, or counts it as a bad line. */
export function addRow({ batch, badLines, file }: Task, line: number, valueAt: (field: number) => unknown): void {
  try {
    batch.add(line, valueAt);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    badLines.add(file, line, error.message);
  }
}

/** What makes rows of bytes. */

import type { Unit } from '../options';
import type { BadLines } from './bad-lines';
import type { Batch } from './column-batch';
import { BadValue, type Field } from './fields';

/** What decoders of every format are given. */
export interface Task {
  readonly file: string;
  readonly fields: readonly Field[];
  readonly unit: Unit;
  readonly batch: Batch;
  readonly badLines: BadLines;
}

/** What one step through a file came to. */
export interface Step {
  readonly bytes: number;
  readonly lines: number;
}

export interface Decoder {
  /** Lines that were read. */
  readonly lines: number;
  /**
   * Takes as many whole rows as there are, of the last bytes of a file all that is left, and adds them to the batch.
   * @returns how many bytes that were
   */
  decode(bytes: Buffer, isLast: boolean): number;
}

/** Adds a row, or says why it is none. */
export function addRow({ batch, badLines, file }: Task, line: number, valueAt: (field: number) => unknown): void {
  try {
    batch.add(line, valueAt);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    badLines.add(file, line, error.message);
  }
}

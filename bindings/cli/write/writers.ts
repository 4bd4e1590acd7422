/** Writes results as NDJSON and CSV, one text for each batch. */

import Papa from 'papaparse';
import type { Results } from '../feed';
import type { Output } from '../options';
import { cellOf, columnsOf, type Writer } from './cells';
import { Table } from './text-table';

/** The writer of a format. @param times the columns to be written as dates */
export function writerOf(to: Exclude<Output, 'arrow'>, times: ReadonlySet<string>): Writer {
  return to === 'table' ? new Table(times) : to === 'csv' ? new Csv(times) : new Ndjson(times);
}

class Ndjson implements Writer {
  constructor(readonly times: ReadonlySet<string>) {}

  write(batch: Results): string {
    const columns = columnsOf(batch, this.times);
    let text = '';
    // Has all names from the start, so that `__proto__` is assigned like any other.
    const row: Record<string, unknown> = Object.fromEntries(columns);
    for (let i = 0; i < batch.length; i++) {
      for (const [name, values] of columns) row[name] = values[i];
      text += `${JSON.stringify(row)}\n`;
    }
    return text;
  }

  end(): string {
    return '';
  }
}

class Csv implements Writer {
  #isBegun = false;

  constructor(readonly times: ReadonlySet<string>) {}

  write(batch: Results): string {
    const columns = columnsOf(batch, this.times);
    const data: unknown[][] = this.#isBegun ? [] : [columns.map(([name]) => name)];
    this.#isBegun = true;
    for (let i = 0; i < batch.length; i++) data.push(columns.map(([, values]) => cellOf(values[i])));
    return data.length ? `${Papa.unparse(data, { newline: '\n' })}\n` : '';
  }

  end(): string {
    return '';
  }
}

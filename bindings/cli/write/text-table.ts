/** Writes results as a table for people. A column is as wide as its widest cell so far; numbers have six digits. */

import type { Results } from '../feed';
import { cellOf, columnsOf, type Writer } from './cells';

export class Table implements Writer {
  #widths: number[] | undefined;

  constructor(readonly times: ReadonlySet<string>) {}

  write(batch: Results): string {
    if (batch.length === 0) return '';
    const columns = columnsOf(batch, this.times);
    const cells = columns.map(([, values]) => Array.from(values, textOf));
    const names = columns.map(([name]) => name);
    const isFirst = this.#widths === undefined;
    const before = this.#widths ?? names.map((name) => name.length);
    const widths = cells.map((column, c) =>
      column.reduce((most, { length }) => Math.max(most, length), before[c] as number),
    );
    this.#widths = widths;
    const isNumeric = columns.map(([, values]) => values instanceof Float64Array);
    const line = (row: readonly string[]) => {
      const padded = row.map((cell, c) =>
        isNumeric[c] ? cell.padStart(widths[c] as number) : cell.padEnd(widths[c] as number),
      );
      return `${padded.join('  ').trimEnd()}\n`;
    };
    let text = isFirst ? line(names) + line(widths.map((width) => '─'.repeat(width))) : '';
    for (let i = 0; i < batch.length; i++) text += line(cells.map((column) => column[i] as string));
    return text;
  }

  end(): string {
    return '';
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value) && Number.isFinite(value))
    return String(Number(value.toPrecision(6)));
  const text = String(cellOf(value)).replace('.000Z', 'Z');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters would move the terminal's cursor
  return /[\x00-\x1f\x7f-\x9f]/.test(text) ? JSON.stringify(text).replace(/[\x7f-\x9f]/g, '\ufffd') : text;
}

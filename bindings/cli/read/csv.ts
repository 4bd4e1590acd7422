/** CSV with a line of names. Rows in which nothing is out of the way are read as bytes; all others by papaparse, as RFC 4180 has them. */

import Papa from 'papaparse';
import { list, show, UsageError } from '../usage-error';
import { addRow, type Decoder, type Task } from './decoder';
import { BadValue, type Convert, ofTexts } from './fields';
import { RowBuilder } from './row-builder';
import { end, numberAt } from './scan';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
/** A quote that is not closed within so many bytes was none. */
const MAX_QUOTED_BYTES = 2 ** 24;
/** Bytes that are parsed at first, where something is out of the way. */
const MIN_PARSED_BYTES = 2 ** 12;

export class CsvDecoder implements Decoder {
  lines = 0;
  readonly #task: Task;
  readonly #delimiter: string;
  readonly #target: RowBuilder;
  /** Names of the columns, once they are known. */
  #names: readonly string[] | undefined;
  /** Place of each field in a row; and the field of each place, -1 where nobody asks. */
  #places: readonly number[] = [];
  #fields: readonly number[] = [];

  constructor(task: Task, delimiter: string, names?: readonly string[]) {
    const { batch, fields, unit } = task;
    this.#task = task;
    this.#delimiter = delimiter;
    const converts = fields.map((field) => ofTexts(field, unit) as Convert);
    this.#target = new RowBuilder(batch, fields, converts, unit);
    if (names) this.#call(names);
  }

  decode(bytes: Buffer, isLast: boolean): number {
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const last = isLast ? bytes.length : lines;
    let at = 0;
    // How many bytes are parsed at a time: more and more while rows go on to be out of the way.
    let size = MIN_PARSED_BYTES;
    while (at < last) {
      const next = this.#names ? this.#scan(bytes, at, lines) : at;
      if (next > at) size = MIN_PARSED_BYTES;
      at = next;
      if (at === last) break;
      const to = bytes.indexOf(NEWLINE, at + size) + 1 || last;
      const text = bytes.toString('utf8', at, to);
      const used = this.#parse(text, isLast && to === last);
      size *= 2;
      if (used > 0) at = startOf(bytes, to, text, used);
      else if (to === last) break;
    }
    return at;
  }

  /** Reads rows up to one that is out of the way. @returns where that begins */
  #scan(bytes: Buffer, from: number, to: number): number {
    const target = this.#target;
    const { numbers } = target.batch;
    const fields = this.#fields;
    const delimiter = this.#delimiter.charCodeAt(0);
    for (let start = from; ; ) {
      if (start === to) return to;
      let problem: string | undefined;
      let count = 0;
      let at = start;
      let c = 0;
      while (c !== NEWLINE) {
        const field = count < fields.length && problem === undefined ? (fields[count] as number) : -1;
        const first = at;
        count++;
        c = bytes[at] as number;
        if (c === QUOTE) {
          const close = closingQuoteInLine(bytes, at + 1);
          at = endAt(bytes, close + 1, delimiter);
          if (close < 0 || at < 0) return start;
          if (field >= 0) problem = this.#put(field, bytes, first + 1, close, quotes > 0);
        } else {
          const number = field >= 0 && numbers[field] ? numberAt(bytes, at) : Number.NaN;
          at = Number.isNaN(number) ? -1 : endAt(bytes, end, delimiter);
          if (at >= 0) {
            target.putNumber(field, number);
          } else {
            at = first;
            while (c !== delimiter && c !== NEWLINE) c = bytes[++at] as number;
            if (field >= 0) problem = this.#put(field, bytes, first, lineEnd(bytes, first, at));
          }
        }
        c = bytes[at++] as number;
      }
      const isBlank = count === 1 && bytes.toString('latin1', start, at).trim() === '';
      start = at;
      this.lines++;
      if (isBlank) continue;
      if (count !== fields.length) problem = `expected ${fields.length} values, got ${count}`;
      if (problem === undefined) target.endRow(this.lines);
      else this.#task.badLines.add(this.#task.file, this.lines, problem);
    }
  }

  /** Takes any value. @returns what is wrong with it */
  #put(field: number, bytes: Buffer, from: number, to: number, hasQuotes = false): string | undefined {
    try {
      if (hasQuotes) this.#target.put(field, bytes.toString('utf8', from, to).replaceAll('""', '"'));
      else if (from === to) this.#target.put(field, '');
      else this.#target.putString(field, bytes, from, to);
    } catch (error) {
      if (error instanceof BadValue) return error.message;
      throw error;
    }
  }

  /** Reads text up to its end, to a row that has none yet, or past the names. @returns where that is */
  #parse(text: string, isLast: boolean): number {
    const hadNames = this.#names !== undefined;
    let at = 0;
    while (at < text.length && hadNames === (this.#names !== undefined)) {
      const next = this.#takeRows(text, at, isLast);
      if (next > at) at = next;
      else if (text.length - at < MAX_QUOTED_BYTES) break;
      else return this.#skip(text, at, 'a quote is not closed');
    }
    return at;
  }

  /** Takes rows up to one with a quote out of place, of which the first line alone is left out. */
  #takeRows(text: string, from: number, isLast: boolean): number {
    let at = from;
    const parser = new Papa.Parser({
      delimiter: this.#delimiter,
      newline: '\n',
      step: ({
        data: [row],
        errors: [error],
        meta,
      }: {
        data: string[][];
        errors: { message: string }[];
        meta: { cursor: number };
      }) => {
        if (error || !this.#names) parser.abort();
        if (error) {
          at = this.#skip(text, at, error.message);
          return;
        }
        const line = this.lines + 1;
        for (const next = from + meta.cursor; at < next; this.lines++) at = text.indexOf('\n', at) + 1 || text.length;
        this.#take(row as string[], line);
      },
    });
    parser.parse(text.substring(from), 0, !isLast);
    return at;
  }

  /** Leaves out a line. @throws {UsageError} where it should have the names */
  #skip(text: string, at: number, reason: string): number {
    this.lines++;
    if (!this.#names) throw new UsageError(`${this.#task.file}:${this.lines}: expected names of columns: ${reason}`, 1);
    this.#task.badLines.add(this.#task.file, this.lines, reason);
    return text.indexOf('\n', at) + 1 || text.length;
  }

  #take(row: string[], line: number): void {
    const last = row.length - 1;
    if (row[last]?.endsWith('\r')) row[last] = row[last].slice(0, -1);
    if (last === 0 && row[0]?.trim() === '') return;
    if (!this.#names) {
      this.#call(row.map((name) => name.trim()));
    } else if (row.length !== this.#names.length) {
      const { badLines, file } = this.#task;
      badLines.add(file, line, `expected ${this.#names.length} values, got ${row.length}`);
    } else {
      addRow(this.#task, line, (f) => this.#target.converts[f]?.(row[this.#places[f] as number]));
    }
  }

  /** Takes the names of the columns. @throws {UsageError} where one is missing that is to be read */
  #call(names: readonly string[]): void {
    this.#names = names;
    this.#places = this.#task.fields.map(({ name }) => {
      const place = names.indexOf(name);
      if (place >= 0) return place;
      throw new UsageError(`${this.#task.file}: expected a column ${show(name)}, there are ${list(names)}`, 1);
    });
    this.#fields = names.map((_, place) => this.#places.indexOf(place));
  }
}

/** How many quotes, each written twice, the string has that was looked at last. */
let quotes = 0;

/** Where a string ends that begins behind its quote: at its other quote. -1 where that is in another line. */
function closingQuoteInLine(bytes: Buffer, from: number): number {
  quotes = 0;
  for (let at = from; bytes[at] !== NEWLINE; at++) {
    if (bytes[at] !== QUOTE) continue;
    if (bytes[at + 1] !== QUOTE) return at;
    quotes++;
    at++;
  }
  return -1;
}

/** Where, in bytes up to `to` of which there is a text, a line of that text begins. Of bytes that are no UTF-8 it does not tell how many they were. */
function startOf(bytes: Buffer, to: number, text: string, line: number): number {
  let start = to;
  for (let at = line; at < text.length; at = text.indexOf('\n', at) + 1 || text.length) {
    start = bytes.lastIndexOf(NEWLINE, start - (bytes[start - 1] === NEWLINE ? 2 : 1)) + 1;
  }
  return start;
}

/** Where the delimiter or newline stands that ends a value at a place; -1 where it goes on. */
function endAt(bytes: Buffer, at: number, delimiter: number): number {
  const c = bytes[at];
  if (c === delimiter || c === NEWLINE) return at;
  return c === RETURN && bytes[at + 1] === NEWLINE ? at + 1 : -1;
}

/** The end of a value before a delimiter or newline, of which there are two kinds. */
function lineEnd(bytes: Buffer, from: number, at: number): number {
  return bytes[at] === NEWLINE && at > from && bytes[at - 1] === RETURN ? at - 1 : at;
}

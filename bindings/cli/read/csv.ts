/**
 * Decodes CSV with a header line. Simple rows are read directly from bytes; papaparse reads all others, by RFC 4180.
 */

import Papa from 'papaparse';
import { list, show, UsageError } from '../usage-error';
import { addRow, type Decoder, type Task } from './decoder';
import { BadValue, type Convert, ofTexts } from './fields';
import { RowBuilder } from './row-builder';
import { Cursor, readNumber } from './scan';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
/** A row of one value that is empty or space, in quotes or not. */
const BLANK = /^\s*$|^"\s*"\s*$/;
/** A quote that is not closed within this many bytes is taken as an error of its line. */
const MAX_QUOTED_BYTES = 2 ** 24;
/** Bytes given to papaparse at first, when a row is not simple. */
const INITIAL_PARSED_BYTES = 2 ** 12;

export class CsvDecoder implements Decoder {
  lines = 0;
  readonly #task: Task;
  readonly #delimiter: string;
  readonly #builder: RowBuilder;
  readonly #cursor = new Cursor();
  /** Names of the columns, once known. */
  #names: readonly string[] | undefined;
  /** The position of each field in a row; and the field at each position, -1 if the column is not read. */
  #places: readonly number[] = [];
  #fields: readonly number[] = [];

  constructor(task: Task, delimiter: string, names?: readonly string[]) {
    const { batch, fields, unit } = task;
    this.#task = task;
    this.#delimiter = delimiter;
    const converts = fields.map((field) => ofTexts(field, unit) as Convert);
    this.#builder = new RowBuilder(batch, fields, converts, unit);
    if (names) this.#setNames(names);
  }

  decode(bytes: Buffer, isLast: boolean): number {
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const last = isLast ? bytes.length : lines;
    let at = 0;
    // Bytes parsed at a time. Doubled as long as no simple row comes.
    let size = INITIAL_PARSED_BYTES;
    while (at < last) {
      const next = this.#names ? this.#scan(bytes, at, lines) : at;
      if (next > at) size = INITIAL_PARSED_BYTES;
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

  /** Reads simple rows. @returns where the first row begins that is not simple, or `to` */
  #scan(bytes: Buffer, from: number, to: number): number {
    const builder = this.#builder;
    const { numbers } = builder.batch;
    const fields = this.#fields;
    const delimiter = this.#delimiter.charCodeAt(0);
    const cursor = this.#cursor;
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
          const quote = nextQuote(bytes, at + 1);
          const close = closingQuoteInLine(bytes, quote);
          at = endAt(bytes, close + 1, delimiter);
          if (close < 0 || at < 0) return start;
          // The next quote does not close the string if it is a doubled one.
          if (field >= 0) problem = this.#put(field, bytes, first + 1, close, close > quote);
        } else {
          cursor.at = at;
          const number = field >= 0 && numbers[field] ? readNumber(bytes, cursor) : Number.NaN;
          at = Number.isFinite(number) ? endAt(bytes, cursor.at, delimiter) : -1;
          if (at >= 0) {
            builder.putNumber(field, number);
          } else {
            at = first;
            while (c !== delimiter && c !== NEWLINE) c = bytes[++at] as number;
            if (field >= 0) problem = this.#put(field, bytes, first, lineEnd(bytes, first, at));
          }
        }
        c = bytes[at++] as number;
      }
      const isBlank = count === 1 && BLANK.test(bytes.toString('utf8', start, at));
      start = at;
      this.lines++;
      if (isBlank) continue;
      if (count !== fields.length) problem = `expected ${fields.length} values, got ${count}`;
      if (problem === undefined) builder.endRow(this.lines);
      else this.#task.badLines.add(this.#task.file, this.lines, problem);
    }
  }

  /** Adds a value that is not a plain number. @returns what is wrong with it, if anything */
  #put(field: number, bytes: Buffer, from: number, to: number, hasQuotes = false): string | undefined {
    try {
      if (hasQuotes) this.#builder.put(field, bytes.toString('utf8', from, to).replaceAll('""', '"'));
      else if (from === to) this.#builder.put(field, '');
      else this.#builder.putString(field, bytes, from, to);
    } catch (error) {
      if (error instanceof BadValue) return error.message;
      throw error;
    }
  }

  /**
   * Parses rows up to the end of the text, to a row that is not yet complete, or past the header line.
   * @returns where it stopped
   */
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

  /** Parses rows up to one with a misplaced quote; of that row only the first line is skipped. */
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
        this.#takeRow(row as string[], line);
      },
    });
    parser.parse(text.substring(from), 0, !isLast);
    return at;
  }

  /** Skips a bad line. @throws {UsageError} if it is the header line */
  #skip(text: string, at: number, reason: string): number {
    this.lines++;
    if (!this.#names) throw new UsageError(`${this.#task.file}:${this.lines}: expected names of columns: ${reason}`, 1);
    this.#task.badLines.add(this.#task.file, this.lines, reason);
    return text.indexOf('\n', at) + 1 || text.length;
  }

  /** Adds a parsed row to the batch, or takes the names from the header line. */
  #takeRow(row: string[], line: number): void {
    const last = row.length - 1;
    if (row[last]?.endsWith('\r')) row[last] = row[last].slice(0, -1);
    if (last === 0 && row[0]?.trim() === '') return;
    if (!this.#names) {
      this.#setNames(row.map((name) => name.trim()));
    } else if (row.length !== this.#names.length) {
      const { badLines, file } = this.#task;
      badLines.add(file, line, `expected ${this.#names.length} values, got ${row.length}`);
    } else {
      addRow(this.#task, line, (f) => this.#builder.converts[f]?.(row[this.#places[f] as number]));
    }
  }

  /** Sets the names of the columns. @throws {UsageError} if a column to be read is missing */
  #setNames(names: readonly string[]): void {
    this.#names = names;
    this.#places = this.#task.fields.map(({ name }) => {
      const place = names.indexOf(name);
      if (place >= 0) return place;
      throw new UsageError(`${this.#task.file}: expected a column ${show(name)}, there are ${list(names)}`, 1);
    });
    this.#fields = names.map((_, place) => this.#places.indexOf(place));
  }
}

/** Finds the first quote from `from` on; -1 if there is none in this line. */
function nextQuote(bytes: Buffer, from: number): number {
  let at = from;
  for (let c = bytes[at]; c !== QUOTE; c = bytes[++at]) if (c === NEWLINE) return -1;
  return at;
}

/** Finds the quote that closes a string whose first quote is at `quote`; -1 if it is not in this line. */
function closingQuoteInLine(bytes: Buffer, quote: number): number {
  let at = quote;
  while (at >= 0 && bytes[at + 1] === QUOTE) at = nextQuote(bytes, at + 2);
  return at;
}

/**
 * The byte at which a line of `text` begins, given that the text was decoded from the bytes before `to`. It counts
 * lines from the end, because the length of a text does not tell its bytes, least of all where these are not valid
 * UTF-8.
 */
function startOf(bytes: Buffer, to: number, text: string, line: number): number {
  let start = to;
  for (let at = line; at < text.length; at = text.indexOf('\n', at) + 1 || text.length) {
    start = bytes.lastIndexOf(NEWLINE, start - (bytes[start - 1] === NEWLINE ? 2 : 1)) + 1;
  }
  return start;
}

/** The place of the delimiter or newline, if a value ends at `at`; otherwise -1. */
function endAt(bytes: Buffer, at: number, delimiter: number): number {
  const c = bytes[at];
  if (c === delimiter || c === NEWLINE) return at;
  return c === RETURN && bytes[at + 1] === NEWLINE ? at + 1 : -1;
}

/** The end of a value before a delimiter or a newline, which may be LF or CRLF. */
function lineEnd(bytes: Buffer, from: number, at: number): number {
  return bytes[at] === NEWLINE && at > from && bytes[at - 1] === RETURN ? at - 1 : at;
}

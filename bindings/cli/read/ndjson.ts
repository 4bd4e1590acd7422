/** Decodes NDJSON: one JSON object on each line. */

import { addRow, type Decoder, type Task } from './decoder';
import { BadValue, ofValues } from './fields';
import { JsonShape } from './json-shape';
import { RowBuilder } from './row-builder';

const NEWLINE = 10;
/** Maximum number of shapes kept. */
const MAX_SHAPES = 8;
/** Credit gained by a line of a known shape, and spent by trying a shape in vain and by learning one. */
const HIT_GAIN = 2;
const TRY_COST = 1;
const LEARN_COST = 16;
/** Initial and maximum credit. When it is used up, shapes are not tried for PAUSE_LINES lines. */
const MAX_CREDIT = 256;
const PAUSE_LINES = 4096;

export class NdjsonDecoder implements Decoder {
  lines = 0;
  readonly #task: Task;
  readonly #builder: RowBuilder;
  readonly #getters: ((event: Record<string, unknown>) => unknown)[];
  /** Known shapes. A shape that fits moves one place forward, so that frequent ones come first. */
  readonly #shapes: JsonShape[] = [];
  #credit = MAX_CREDIT;
  /** Shapes are tried from this line on. */
  #resumeLine = 0;

  constructor(task: Task) {
    const { fields, batch, unit } = task;
    this.#task = task;
    this.#getters = fields.map(({ name }) => getterOf(name));
    const converts = fields.map((field) => ofValues(field, unit));
    this.#builder = new RowBuilder(batch, fields, converts, unit);
  }

  decode(bytes: Buffer, isLast: boolean): number {
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const end = isLast ? bytes.length : lines;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < end; ) {
      this.lines++;
      const next = at < lines && this.lines >= this.#resumeLine ? this.#readByShape(bytes, view, at) : -1;
      if (next >= 0) {
        this.#builder.endRow(this.lines);
        at = next;
      } else {
        const newline = bytes.indexOf(NEWLINE, at);
        const to = newline < 0 ? end : newline;
        this.#parseLine(bytes.subarray(at, to));
        at = to + 1;
      }
    }
    return end;
  }

  /**
   * Reads a line by a known shape; -1 if none fits or a value is bad. Then the line is parsed whole, which gives the
   * reason.
   */
  #readByShape(bytes: Buffer, view: DataView, at: number): number {
    const shapes = this.#shapes;
    try {
      for (let i = 0; i < shapes.length; i++) {
        const shape = shapes[i] as JsonShape;
        const next = shape.read(bytes, view, at);
        if (next < 0) continue;
        this.#credit = Math.min(this.#credit + HIT_GAIN - i * TRY_COST, MAX_CREDIT);
        if (i > 0) [shapes[i - 1], shapes[i]] = [shape, shapes[i - 1] as JsonShape];
        return next;
      }
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
    }
    return -1;
  }

  #parseLine(line: Buffer): void {
    const { badLines, file, batch } = this.#task;
    const text = line.toString();
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch (error) {
      if (text.trim() !== '') badLines.add(file, this.lines, `not JSON: ${(error as Error).message}`);
      return;
    }
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      badLines.add(file, this.lines, 'expected an object of JSON');
      return;
    }
    const fields = event as Record<string, unknown>;
    const before = batch.length;
    addRow(this.#task, this.lines, (f) => this.#builder.converts[f]?.(this.#getters[f]?.(fields)));
    if (batch.length > before && this.lines >= this.#resumeLine) this.#learn(line, event);
  }

  /** Learns the shape of a line, if the credit allows it. */
  #learn(line: Buffer, event: unknown): void {
    const shapes = this.#shapes;
    this.#credit -= LEARN_COST + shapes.length * TRY_COST;
    if (this.#credit < 0) {
      shapes.length = 0;
      this.#credit = MAX_CREDIT;
      this.#resumeLine = this.lines + PAUSE_LINES;
      return;
    }
    const shape = JsonShape.of(line, event, this.#getters, this.#builder);
    if (shape) shapes.unshift(shape);
    if (shapes.length > MAX_SHAPES) shapes.length = MAX_SHAPES;
  }
}

/** Returns a function that finds the value of a column. A name with dots may be a path through nested objects. */
export function getterOf(name: string): (event: Record<string, unknown>) => unknown {
  const path = name.split('.');
  return (event) =>
    path.length === 1 || Object.hasOwn(event, name) ? partOf(event, name) : path.reduce(partOf, event);
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

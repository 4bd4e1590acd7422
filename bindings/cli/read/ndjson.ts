/** NDJSON: an object of JSON on each line. */

import { addRow, type Decoder, type Task } from './decoder';
import { BadValue, ofValues } from './fields';
import { JsonShape } from './json-shape';
import { RowBuilder } from './row-builder';

const NEWLINE = 10;
/** Layouts that are known at a time. */
const MAX_SHAPES = 8;
/** What lines of a layout that is known save, what it costs to find that one has another, and to learn it. */
const SAVED = 2;
const TRIED = 1;
const LEARNED = 16;
/** What may be spent before it pays; if it does not, nothing is looked for in so many lines. */
const CREDIT = 256;
const PAUSE = 4096;

export class NdjsonDecoder implements Decoder {
  lines = 0;
  readonly #task: Task;
  readonly #target: RowBuilder;
  readonly #getters: ((event: Record<string, unknown>) => unknown)[];
  /** Those that are of use more often come first, by and by. */
  readonly #layouts: JsonShape[] = [];
  #credit = CREDIT;
  /** The line from which on layouts are of use. */
  #from = 0;

  constructor(task: Task) {
    const { fields, batch, unit } = task;
    this.#task = task;
    this.#getters = fields.map(({ name }) => getterOf(name));
    const converts = fields.map((field) => ofValues(field, unit));
    this.#target = new RowBuilder(batch, fields, converts, unit);
  }

  decode(bytes: Buffer, isLast: boolean): number {
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const end = isLast ? bytes.length : lines;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < end; ) {
      this.lines++;
      const next = at < lines && this.lines >= this.#from ? this.#scan(bytes, view, at) : -1;
      if (next >= 0) {
        this.#target.endRow(this.lines);
        at = next;
      } else {
        const newline = bytes.indexOf(NEWLINE, at);
        const to = newline < 0 ? end : newline;
        this.#take(bytes.subarray(at, to));
        at = to + 1;
      }
    }
    return end;
  }

  /** Reads a line of a layout that is known; what is bad about one is found out where it is read whole. */
  #scan(bytes: Buffer, view: DataView, at: number): number {
    const layouts = this.#layouts;
    try {
      for (let i = 0; i < layouts.length; i++) {
        const layout = layouts[i] as JsonShape;
        const next = layout.read(bytes, view, at);
        if (next < 0) continue;
        this.#credit = Math.min(this.#credit + SAVED - i * TRIED, CREDIT);
        if (i > 0) [layouts[i - 1], layouts[i]] = [layout, layouts[i - 1] as JsonShape];
        return next;
      }
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
    }
    return -1;
  }

  #take(line: Buffer): void {
    const { badLines, file, batch } = this.#task;
    const text = line.toString();
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch (error) {
      if (text.trim() !== '') badLines.add(file, this.lines, `no JSON: ${(error as Error).message}`);
      return;
    }
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      badLines.add(file, this.lines, 'expected an object of JSON');
      return;
    }
    const fields = event as Record<string, unknown>;
    const before = batch.length;
    addRow(this.#task, this.lines, (f) => this.#target.converts[f]?.(this.#getters[f]?.(fields)));
    if (batch.length > before && this.lines >= this.#from) this.#learn(line, event);
  }

  #learn(line: Buffer, event: unknown): void {
    const layouts = this.#layouts;
    this.#credit -= LEARNED + layouts.length * TRIED;
    if (this.#credit < 0) {
      layouts.length = 0;
      this.#credit = CREDIT;
      this.#from = this.lines + PAUSE;
      return;
    }
    const layout = JsonShape.of(line, event, this.#getters, this.#target);
    if (layout) layouts.unshift(layout);
    if (layouts.length > MAX_SHAPES) layouts.length = MAX_SHAPES;
  }
}

/** How the value of a column is found; one with dots in its name may lie in objects within the object. */
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

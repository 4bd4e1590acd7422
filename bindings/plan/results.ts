/**
 * Reads results and answers of queries from the core and shapes them as rows have them. The core has a column of eight
 * bytes for each output: a number, or, for lists, where the list begins and how long it is (u32 each).
 */

import { Firing } from '../../assembly/plan';
import { type Core, noRoom } from '../base/core';
import { setField } from '../base/record';
import type { KeyEncoder } from '../input/keys';
import type { TextColumn } from '../input/measures';
import type { ListOf } from '../spec/aggregates';
import { type CheckedSpec, isRolling } from '../spec/check';
import type { Key } from '../spec/types';

const PANES = { [Firing.onTime]: 'on-time', [Firing.late]: 'late', [Firing.early]: 'early' } as Record<number, string>;

/** Where to find the result of an aggregate: in one of the core's columns, or in several as fields of a record. */
export interface Output {
  /** Index of the core's column; undefined for a record. */
  readonly place?: number;
  /** The result if there are no events: 0 or NaN. */
  readonly empty?: number;
  readonly list?: ListOf<unknown> | undefined;
  /** The column whose values the result returns, if it may hold strings. */
  readonly texts?: TextColumn | undefined;
  readonly fields?: readonly (readonly [name: string, Output])[];
}

/** The core's output columns, by index, and the numbers that lists consist of. */
export interface Cells {
  column(place: number): Float64Array<ArrayBuffer>;
  values: Float64Array;
}

/** Reads an output of all results as a column of a batch. */
export function readColumn(output: Output, cells: Cells): ArrayLike<unknown> {
  const { place, list, fields, texts } = output;
  if (place === undefined) {
    const columns = (fields ?? []).map(([name, field]) => [name, readColumn(field, cells)] as const);
    const length = columns[0]?.[1].length ?? 0;
    return Array.from({ length }, (_, i) => Object.fromEntries(columns.map(([name, column]) => [name, column[i]])));
  }
  const column = cells.column(place);
  if (!list) return texts?.readAll(column) ?? column;
  const places = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  // A list never contains a missing value, so `meaning` never returns null.
  const meaning = (texts?.read ?? itself) as typeof itself;
  return Array.from(column, (_, i) => {
    const from = places[2 * i] as number;
    return list.read(cells.values.slice(from, from + (places[2 * i + 1] as number)), meaning);
  });
}

function itself(number: number): number {
  return number;
}

/** The value of an output if there are no events. If `number` is given, it replaces numbers that are not in a list. */
export function emptyOf({ place, empty, list, fields, texts }: Output, number?: number): unknown {
  if (place === undefined) {
    return Object.fromEntries((fields ?? []).map(([name, field]) => [name, emptyOf(field, number)]));
  }
  if (texts?.isText && !list) return null;
  return list ? list.read(new Float64Array(), itself) : (number ?? empty);
}

/**
 * n results as columns, copied from the core. `outputs` are its output columns; `lists` holds the numbers of their
 * lists.
 */
export interface RawResults {
  readonly n: number;
  /** The index of each result's window; empty if windows have no names, as there is one. */
  readonly windows: Uint8Array<ArrayBuffer>;
  /** Empty if all windows are rolling ones. */
  readonly starts: Float64Array<ArrayBuffer>;
  readonly ends: Float64Array<ArrayBuffer>;
  readonly keys: readonly ArrayLike<Key>[];
  readonly outputs: readonly Float64Array<ArrayBuffer>[];
  readonly lists: Float64Array;
  /** Of what kind each firing is, and which one; empty unless windows may fire more than once. */
  readonly panes: Uint8Array<ArrayBuffer>;
  readonly firings: Float64Array<ArrayBuffer>;
}

/** The index of the window of result i. */
export function windowOf({ windows }: Pick<RawResults, 'windows'>, i: number): number {
  return windows[i] ?? 0;
}

/** The answer of a query: for each window of the plan start, end and the outputs; `lists` as in RawResults. */
export interface RawAnswers {
  readonly rows: readonly Float64Array<ArrayBuffer>[];
  readonly lists: Float64Array;
}

/** The part of a compiled plan that says how to read results. */
interface Outputs {
  readonly outputs: readonly Output[];
  readonly outputCount: number;
}

/** Turns results into the columns of a batch, one for each field of a row. */
export function shapeResults(raw: RawResults, spec: CheckedSpec, plan: Outputs): Record<string, ArrayLike<unknown>> {
  const { windowNames } = spec;
  const columns = boundsOf(raw, spec);
  if (windowNames) columns.window = Array.from(raw.windows, (w) => windowNames[w]);
  spec.keys.forEach((name, c) => {
    setField(columns, name, raw.keys[c]);
  });
  const cells = { column: (place: number) => raw.outputs[place] as Float64Array<ArrayBuffer>, values: raw.lists };
  spec.aggregates.forEach(([name], i) => {
    setField(columns, name, readColumn(plan.outputs[i] as Output, cells));
  });
  if (spec.updates) {
    columns.pane = Array.from(raw.panes, (pane) => PANES[pane & Firing.kind]);
    columns.index = raw.firings;
    columns.final = Array.from(raw.panes, (pane) => (pane & Firing.final) !== 0);
  }
  return columns;
}

/**
 * The columns `start` and `end`, or the time for rolling windows. If a stream has both, all three, with NaN where one
 * does not apply.
 */
function boundsOf(raw: RawResults, spec: CheckedSpec): Record<string, ArrayLike<unknown>> {
  const { n, starts, ends } = raw;
  const { time } = spec;
  if (spec.windows.every(isRolling)) return { [time]: ends };
  if (!spec.windows.some(isRolling)) return { start: starts, end: ends };
  const times = ends.slice();
  const rolls = spec.windows.map(isRolling);
  for (let i = 0; i < n; i++) {
    if (rolls[windowOf(raw, i)]) starts[i] = ends[i] = Number.NaN;
    else times[i] = Number.NaN;
  }
  return { start: starts, end: ends, [time]: times };
}

/** Turns the answer of a query into one record for each window of the plan. */
export function shapeAnswers({ rows, lists }: RawAnswers, spec: CheckedSpec, plan: Outputs): Record<string, unknown>[] {
  return rows.map((numbers) => {
    const answer: Record<string, unknown> = { start: numbers[0], end: numbers[1] };
    const cells = { column: (place: number) => numbers.slice(2 + place, 3 + place), values: lists };
    spec.aggregates.forEach(([name], i) => {
      setField(answer, name, readColumn(plan.outputs[i] as Output, cells)[0]);
    });
    return answer;
  });
}

/** Reads the outbox of one stream. What it returns are copies: functions of the spec may read them. */
export class Results {
  /** The columns of outputs that are lists. */
  readonly #listPlaces: readonly number[];

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly plan: Outputs,
    readonly keys: KeyEncoder,
  ) {
    this.#listPlaces = [...new Set(listPlacesOf(plan.outputs))];
  }

  /** Number of results in the outbox. */
  get count(): number {
    return this.core.exports.resultCount(this.stream);
  }

  /** Copies all results in the outbox. */
  gather(): RawResults {
    const { core, stream, spec } = this;
    const { exports, buffer } = core;
    const n = this.count;
    const isRolled = spec.windows.every(isRolling);
    const numbers = [exports.endsColumn(stream), ...(isRolled ? [] : [exports.startsColumn(stream)])];
    for (let i = 0; i < this.plan.outputCount; i++) numbers.push(exports.resultColumn(stream, i));
    const copies = core.columns(numbers, n);
    const [ends = new Float64Array()] = copies;
    const windows = new Uint8Array(buffer, exports.resultWindows(stream), spec.windowNames ? n : 0);
    const panes = new Uint8Array(buffer, exports.resultPanes(stream), spec.updates ? n : 0);
    return {
      n,
      windows: windows.slice(),
      starts: (isRolled ? undefined : copies[1]) ?? new Float64Array(),
      ends,
      keys: this.keys.ofIds(new Uint32Array(buffer, exports.resultIds(stream), n)),
      outputs: copies.slice(isRolled ? 1 : 2),
      lists: this.#listPlaces.length > 0 ? this.#lists().slice() : new Float64Array(),
      panes: panes.slice(),
      firings: Float64Array.from(new Uint32Array(buffer, exports.resultFirings(stream), spec.updates ? n : 0)),
    };
  }

  /** Queries the current values of an id at time t. */
  ask(id: number, t: number): RawAnswers {
    const { core, spec, plan } = this;
    if (!core.exports.open(this.stream)) throw noRoom();
    const address = core.exports.query(this.stream, id, t);
    const width = 2 + plan.outputCount;
    const rows = spec.windows.map((_, w) => core.float64s(address + 8 * w * width, width));
    return { rows, lists: this.#takeLists(rows) };
  }

  /** Copies the lists of answers, without those of the outbox before them; the answers then give places in the copy. */
  #takeLists(rows: readonly Float64Array<ArrayBuffer>[]): Float64Array {
    let begin = Number.POSITIVE_INFINITY;
    let end = 0;
    const each = (visit: (words: Uint32Array, at: number) => void) => {
      for (const row of rows) for (const place of this.#listPlaces) visit(new Uint32Array(row.buffer), 2 * (2 + place));
    };
    each((words, at) => {
      begin = Math.min(begin, words[at] as number);
      end = Math.max(end, (words[at] as number) + (words[at + 1] as number));
    });
    each((words, at) => {
      words[at] = (words[at] as number) - begin;
    });
    return end > 0 ? this.#lists().slice(begin, end) : new Float64Array();
  }

  /** The numbers of a column's strings that occur in the outbox; the set may contain other numbers too. */
  numbersOf(column: TextColumn): Set<number> {
    const { exports } = this.core;
    const n = exports.resultCount(this.stream);
    const output = (place: number) => this.core.float64s(exports.resultColumn(this.stream, place), n);
    return numbersIn(column, this.plan, output, this.#lists());
  }

  /** A view of the numbers that lists in the outbox consist of. */
  #lists(): Float64Array {
    const { exports, buffer } = this.core;
    const address = exports.resultLists(this.stream);
    return new Float64Array(buffer, address, address ? exports.listCapacity(this.stream) : 0);
  }
}

/** The columns of outputs that are lists, those in records too. */
function listPlacesOf(outputs: readonly Output[]): number[] {
  return outputs.flatMap(({ place, list, fields = [] }) => [
    ...(place !== undefined && list ? [place] : []),
    ...listPlacesOf(fields.map(([, field]) => field)),
  ]);
}

/**
 * Collects the numbers in outputs that represent strings of a column; the set may contain other numbers too.
 * @param output returns the core's output column at an index
 */
export function numbersIn(
  column: TextColumn,
  plan: Outputs,
  output: (place: number) => Float64Array,
  lists: Float64Array,
): Set<number> {
  const numbers = new Set<number>();
  const look = ({ place, texts, list, fields }: Output): void => {
    for (const [, field] of fields ?? []) look(field);
    if (place === undefined || texts !== column) return;
    for (const number of list ? lists : output(place)) numbers.add(number);
  };
  plan.outputs.forEach(look);
  return numbers;
}

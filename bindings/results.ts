/** Results as they come out of the core, in columns, and answers. A figure is a number for each result, or the place of a list of numbers. */

import { Pane } from '../assembly/plan';
import type { ListOf } from './aggregate';
import type { Core } from './core';
import type { KeyEncoder } from './keys';
import type { TextColumn } from './measures';
import { type CheckedSpec, isRolling } from './spec';
import type { Key } from './types';

const PANES = { [Pane.onTime]: 'on-time', [Pane.late]: 'late', [Pane.early]: 'early' } as Record<number, string>;

/** Where a figure is found: in one of the core's columns, or in several, each with a name. */
export interface Output {
  /** Which of the core's columns. */
  readonly place?: number;
  /** What a number is where there are no events. */
  readonly empty?: number;
  readonly list?: ListOf<unknown> | undefined;
  /** The column whose values the result is made of, where that may hold strings. */
  readonly texts?: TextColumn | undefined;
  readonly fields?: readonly (readonly [name: string, Output])[];
}

/** The core's columns of numbers, by place, and what lists point into. */
export interface Cells {
  column(place: number): Float64Array<ArrayBuffer>;
  values: Float64Array;
}

/** A figure of all results at hand. */
export function readColumn(output: Output, cells: Cells): ArrayLike<unknown> {
  const { place, list, fields, texts } = output;
  if (place === undefined) {
    const columns = (fields ?? []).map(([name, field]) => [name, readColumn(field, cells)] as const);
    const length = columns[0]?.[1].length ?? 0;
    return Array.from({ length }, (_, i) => Object.fromEntries(columns.map(([name, column]) => [name, column[i]])));
  }
  const column = cells.column(place);
  if (!list) return texts?.readAll(column) ?? column;
  const places = new Uint32Array(column.buffer);
  // What an aggregate lists is never missing.
  const meaning = (texts?.read ?? itself) as typeof itself;
  return Array.from(column, (_, i) => {
    const from = places[2 * i] as number;
    return list.read(cells.values.slice(from, from + (places[2 * i + 1] as number)), meaning);
  });
}

function itself(number: number): number {
  return number;
}

/** A figure of a result without events, every number of it `number` where that is given. */
export function emptyOf({ place, empty, list, fields, texts }: Output, number?: number): unknown {
  if (place === undefined) {
    return Object.fromEntries((fields ?? []).map(([name, field]) => [name, emptyOf(field, number)]));
  }
  if (texts?.isText && !list) return null;
  return list ? list.read(new Float64Array(), itself) : (number ?? empty);
}

/** What a stream has to give out. */
export class Results {
  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly plan: { readonly outputs: readonly Output[]; readonly outputCount: number },
    readonly keys: KeyEncoder,
  ) {}

  /** All results that are there, as columns, and which window of the plan each is of. */
  columns(): { columns: Record<string, ArrayLike<unknown>>; windows: Uint8Array } {
    const { core, stream, spec } = this;
    const { exports, buffer } = core;
    const n = exports.resultCount(stream);
    const ids = new Uint32Array(buffer, exports.resultIds(stream), n);
    const windows = new Uint8Array(buffer, exports.resultWindows(stream), n);
    const { windowNames } = spec;
    const columns = this.#bounds(windows);
    if (windowNames) columns.window = Array.from(windows, (w) => windowNames[w]);
    const keys = this.keys.ofIds(ids);
    spec.keys.forEach((name, c) => {
      columns[name] = keys[c] as Key[];
    });
    const cells = {
      column: (place: number) => core.float64s(exports.resultColumn(stream, place), n),
      values: this.#lists(),
    };
    spec.aggregates.forEach(([name], i) => {
      columns[name] = readColumn(this.plan.outputs[i] as Output, cells);
    });
    if (spec.updates) {
      const panes = new Uint8Array(buffer, exports.resultPanes(stream), n);
      columns.pane = Array.from(panes, (pane) => PANES[pane & Pane.kind]);
      columns.index = Float64Array.from(new Uint32Array(buffer, exports.resultFirings(stream), n));
      columns.final = Array.from(panes, (pane) => (pane & Pane.final) !== 0);
    }
    return { columns, windows };
  }

  /** The present values of an id at time t, for each window of the plan. */
  answers(id: number, t: number): Record<string, unknown>[] {
    const { core, spec, plan } = this;
    const address = core.exports.query(this.stream, id, t);
    const width = 8 * (2 + plan.outputCount);
    return spec.windows.map((_, w) => {
      const at = address + w * width;
      const [start, end] = core.float64s(at, 2);
      const answer: Record<string, unknown> = { start, end };
      const cells = { column: (place: number) => core.float64s(at + 16 + place * 8, 1), values: this.#lists() };
      spec.aggregates.forEach(([name], i) => {
        answer[name] = readColumn(plan.outputs[i] as Output, cells)[0];
      });
      return answer;
    });
  }

  /** The numbers that results have of a column of strings, and maybe others. */
  numbersOf(column: TextColumn): Set<number> {
    const { exports } = this.core;
    const numbers = new Set<number>();
    const n = exports.resultCount(this.stream);
    const look = ({ place, texts, list, fields }: Output): void => {
      for (const [, field] of fields ?? []) look(field);
      if (place === undefined || texts !== column) return;
      const cells = list ? this.#lists() : this.core.float64s(exports.resultColumn(this.stream, place), n);
      for (const number of cells) numbers.add(number);
    };
    if (n > 0) this.plan.outputs.forEach(look);
    return numbers;
  }

  /** What lists among the figures point into; a view. */
  #lists(): Float64Array {
    const { exports, buffer } = this.core;
    const address = exports.resultLists(this.stream);
    return new Float64Array(buffer, address, address ? exports.listCapacity(this.stream) : 0);
  }

  /** Bounds of the results: start and end, the time of their event, or, where windows differ, all three and NaN where one does not apply. */
  #bounds(which: Uint8Array): Record<string, ArrayLike<unknown>> {
    const { exports } = this.core;
    const n = which.length;
    const end = this.core.float64s(exports.endsColumn(this.stream), n);
    const { windows, time } = this.spec;
    if (windows.every(isRolling)) return { [time]: end };
    const start = this.core.float64s(exports.startsColumn(this.stream), n);
    if (!windows.some(isRolling)) return { start, end };
    const times = end.slice();
    const rolls = windows.map(isRolling);
    for (let i = 0; i < n; i++) {
      if (rolls[which[i] as number]) start[i] = end[i] = Number.NaN;
      else times[i] = Number.NaN;
    }
    return { start, end, [time]: times };
  }
}

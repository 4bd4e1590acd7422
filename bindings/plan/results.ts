/** Results as they come out of the core, in columns, and answers. A figure is a number for each result, or the place of a list of numbers. */

import { Firing } from '../../assembly/plan';
import type { Core } from '../base/core';
import type { KeyEncoder } from '../input/keys';
import type { TextColumn } from '../input/measures';
import type { ListOf } from '../spec/aggregates';
import { type CheckedSpec, isRolling } from '../spec/check';
import type { Key } from '../spec/types';

const PANES = { [Firing.onTime]: 'on-time', [Firing.late]: 'late', [Firing.early]: 'early' } as Record<number, string>;

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

/** Results as the core has them: columns of numbers, copies, by place; and what lists among them point into. */
export interface RawResults {
  readonly windows: Uint8Array<ArrayBuffer>;
  readonly starts: Float64Array<ArrayBuffer>;
  readonly ends: Float64Array<ArrayBuffer>;
  readonly keys: readonly Key[][];
  readonly figures: readonly Float64Array<ArrayBuffer>[];
  readonly lists: Float64Array;
  readonly panes: Uint8Array<ArrayBuffer>;
  readonly firings: Float64Array<ArrayBuffer>;
}

/** The values of one key as the core has them: start, end and figures of every window of the plan. */
export interface RawAnswers {
  readonly figures: readonly Float64Array<ArrayBuffer>[];
  readonly lists: Float64Array;
}

/** What of a plan says how results are read. */
interface Outputs {
  readonly outputs: readonly Output[];
  readonly outputCount: number;
}

/** Results as rows have them: a column for every field. */
export function shapeResults(raw: RawResults, spec: CheckedSpec, plan: Outputs): Record<string, ArrayLike<unknown>> {
  const { windowNames } = spec;
  const columns = boundsOf(raw, spec);
  if (windowNames) columns.window = Array.from(raw.windows, (w) => windowNames[w]);
  spec.keys.forEach((name, c) => {
    columns[name] = raw.keys[c] as Key[];
  });
  const cells = { column: (place: number) => raw.figures[place] as Float64Array<ArrayBuffer>, values: raw.lists };
  spec.aggregates.forEach(([name], i) => {
    columns[name] = readColumn(plan.outputs[i] as Output, cells);
  });
  if (spec.updates) {
    columns.pane = Array.from(raw.panes, (pane) => PANES[pane & Firing.kind]);
    columns.index = raw.firings;
    columns.final = Array.from(raw.panes, (pane) => (pane & Firing.final) !== 0);
  }
  return columns;
}

/** Start and end, the time of their event, or, where windows differ, all three and NaN where one does not apply. */
function boundsOf({ windows, starts, ends }: RawResults, spec: CheckedSpec): Record<string, ArrayLike<unknown>> {
  const { time } = spec;
  if (spec.windows.every(isRolling)) return { [time]: ends };
  if (!spec.windows.some(isRolling)) return { start: starts, end: ends };
  const times = ends.slice();
  const rolls = spec.windows.map(isRolling);
  for (let i = 0; i < windows.length; i++) {
    if (rolls[windows[i] as number]) starts[i] = ends[i] = Number.NaN;
    else times[i] = Number.NaN;
  }
  return { start: starts, end: ends, [time]: times };
}

/** The values of one key, for each window of the plan. */
export function shapeAnswers(
  { figures, lists }: RawAnswers,
  spec: CheckedSpec,
  plan: Outputs,
): Record<string, unknown>[] {
  return figures.map((numbers) => {
    const answer: Record<string, unknown> = { start: numbers[0], end: numbers[1] };
    const cells = { column: (place: number) => numbers.slice(2 + place, 3 + place), values: lists };
    spec.aggregates.forEach(([name], i) => {
      answer[name] = readColumn(plan.outputs[i] as Output, cells)[0];
    });
    return answer;
  });
}

/** What a stream has to give out. */
export class Results {
  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly plan: Outputs,
    readonly keys: KeyEncoder,
  ) {}

  /** All results that are there. Their lists are a view, good until the stream is called again. */
  gather(): RawResults {
    const { core, stream } = this;
    const { exports, buffer } = core;
    const n = exports.resultCount(stream);
    const isRolled = this.spec.windows.every(isRolling);
    return {
      windows: new Uint8Array(buffer, exports.resultWindows(stream), n).slice(),
      starts: core.float64s(exports.startsColumn(stream), isRolled ? 0 : n),
      ends: core.float64s(exports.endsColumn(stream), n),
      keys: this.keys.ofIds(new Uint32Array(buffer, exports.resultIds(stream), n)),
      figures: Array.from({ length: this.plan.outputCount }, (_, place) =>
        core.float64s(exports.resultColumn(stream, place), n),
      ),
      lists: this.#lists(),
      panes: new Uint8Array(buffer, exports.resultPanes(stream), n).slice(),
      firings: Float64Array.from(new Uint32Array(buffer, exports.resultFirings(stream), this.spec.updates ? n : 0)),
    };
  }

  /** The present values of an id at time t. Their lists are a view as well. */
  ask(id: number, t: number): RawAnswers {
    const { core, spec, plan } = this;
    const address = core.exports.query(this.stream, id, t);
    const width = 2 + plan.outputCount;
    return {
      figures: spec.windows.map((_, w) => core.float64s(address + 8 * w * width, width)),
      lists: this.#lists(),
    };
  }

  /** The numbers that results have of a column of strings, and maybe others. */
  numbersOf(column: TextColumn): Set<number> {
    const { exports } = this.core;
    const n = exports.resultCount(this.stream);
    const figure = (place: number) => this.core.float64s(exports.resultColumn(this.stream, place), n);
    return numbersIn(column, this.plan, figure, this.#lists());
  }

  /** What lists among the figures point into; a view. */
  #lists(): Float64Array {
    const { exports, buffer } = this.core;
    const address = exports.resultLists(this.stream);
    return new Float64Array(buffer, address, address ? exports.listCapacity(this.stream) : 0);
  }
}

/** The numbers among figures that stand for strings of a column, and maybe others. */
export function numbersIn(
  column: TextColumn,
  plan: Outputs,
  figure: (place: number) => Float64Array,
  lists: Float64Array,
): Set<number> {
  const numbers = new Set<number>();
  const look = ({ place, texts, list, fields }: Output): void => {
    for (const [, field] of fields ?? []) look(field);
    if (place === undefined || texts !== column) return;
    for (const number of list ? lists : figure(place)) numbers.add(number);
  };
  plan.outputs.forEach(look);
  return numbers;
}

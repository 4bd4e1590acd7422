/** Figures as the core gives them out: a number for each result, or the place of a list of numbers. */

import type { ListOf } from './aggregate';
import type { TextColumn } from './measures';

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

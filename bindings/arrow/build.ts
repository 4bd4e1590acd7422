/** Columns of results as Arrow has them, by what their values are. */

import {
  Bool,
  type Data,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeBuilder,
  makeData,
  Null,
  Struct,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { OrielError, show } from '../base/errors';
import { placeOf } from '../input/columns';
import { hashOf } from '../input/strings';

type Values = ArrayLike<unknown>;

/** What says which values are null, where some are. */
export function nullsOf(
  values: Values,
  isNull: (value: unknown) => boolean,
): { nullCount: number; nullBitmap?: Uint8Array } {
  let nullBitmap: Uint8Array | undefined;
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (!isNull(values[i])) continue;
    nullBitmap ??= new Uint8Array(((values.length + 63) >> 6) << 3).fill(255);
    nullBitmap[i >> 3] = (nullBitmap[i >> 3] as number) & ~(1 << (i & 7));
    nullCount++;
  }
  return nullBitmap ? { nullCount, nullBitmap } : { nullCount };
}

export const isNone = (value: unknown) => value === null || value === undefined;

/**
 * A column as data of Arrow. Its type is that of its first value, and if it has none, Null.
 * @param nulls whether NaN is null
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming column and index, where values are of different kinds
 */
export function dataOf(name: string, values: Values, nulls: boolean): Data {
  if (values instanceof Float64Array) return numbers(values, nulls ? nullsOf(values, Number.isNaN) : { nullCount: 0 });
  const kind = kindOf(name, values);
  const none =
    kind === undefined
      ? { nullCount: 0 }
      : nullsOf(values, nulls && kind === 'number' ? (value) => isNone(value) || Number.isNaN(value) : isNone);
  switch (kind) {
    case 'number':
      return numbers(Float64Array.from(values as ArrayLike<number>), none);
    case 'string':
      return strings(name, values as ArrayLike<string | null>, none);
    case 'bigint':
      return bigints(name, values as ArrayLike<bigint>, none);
    case 'boolean':
      return booleans(values, none);
    case 'list':
      return lists(name, values as ArrayLike<Values | null>, none, nulls);
    case 'record':
      return records(name, values as ArrayLike<Record<string, unknown> | null>, none, nulls);
    default:
      return makeData({ type: new Null(), length: values.length });
  }
}

type Nulls = ReturnType<typeof nullsOf>;

/** What all values are, of which there may be none. */
function kindOf(name: string, values: Values): string | undefined {
  let first: string | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === first || isNone(value)) continue;
    const kind = kindOfValue(value);
    if (kind && (kind === first || !first)) first = kind;
    else throw refused(name, value, first ? `a ${first}, as the values before` : 'a number, string, list or record', i);
  }
  return first;
}

function kindOfValue(value: unknown): string | undefined {
  if (typeof value !== 'object') return ['number', 'string', 'bigint', 'boolean'].find((kind) => kind === typeof value);
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return 'list';
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? 'record' : undefined;
}

export function refused(name: string, value: unknown, accepted: string, index?: number, cause?: unknown): OrielError {
  return new OrielError(
    'ERR_ORIEL_COLUMN',
    `toArrow: ${placeOf(name, index)}: expected ${accepted}, got ${show(value)}`,
    { cause },
  );
}

/** The numbers themselves: nothing is copied. */
function numbers(data: Float64Array, none: Nulls): Data {
  return makeData({ type: new Float64(), length: data.length, data, ...none });
}

/**
 * Strings as a dictionary of those that there are. Its id is that of the column, so that tables of one stream have the same schema.
 */
function strings(name: string, values: ArrayLike<string | null>, none: Nulls): Data {
  const places = new Map<string, number>();
  const data = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'string') continue;
    let place = places.get(value);
    if (place === undefined) {
      place = places.size;
      places.set(value, place);
    }
    data[i] = place;
  }
  const type = new Dictionary(new Utf8(), new Int32(), hashOf(name) % 2 ** 31);
  // Not `vectorFromArray`, which makes code out of a string: pages may forbid that.
  const dictionary = makeBuilder({ type: new Utf8() });
  for (const value of places.keys()) dictionary.append(value);
  return makeData({ type, length: data.length, data, dictionary: dictionary.finish().toVector(), ...none });
}

function bigints(name: string, values: ArrayLike<bigint>, none: Nulls): Data {
  const list = Array.from(values, (value) => value ?? 0n);
  const type = list.some((value) => BigInt.asIntN(64, value) !== value) ? new Uint64() : new Int64();
  const data = (type instanceof Uint64 ? BigUint64Array : BigInt64Array).from(list);
  const bad = list.findIndex((value, i) => data[i] !== value);
  if (bad >= 0) throw refused(name, list[bad], 'bigints of 64 bits, all signed or all unsigned', bad);
  return makeData({ type, length: data.length, data, ...none } as never);
}

function booleans(values: Values, none: Nulls): Data {
  const data = new Uint8Array(((values.length + 63) >> 6) << 3);
  for (let i = 0; i < values.length; i++) if (values[i]) data[i >> 3] = (data[i >> 3] as number) | (1 << (i & 7));
  return makeData({ type: new Bool(), length: values.length, data, ...none });
}

function lists(name: string, values: ArrayLike<Values | null>, none: Nulls, nulls: boolean): Data {
  const valueOffsets = new Int32Array(values.length + 1);
  const items: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    const list = values[i];
    for (let j = 0; list && j < list.length; j++) items.push(list[j]);
    valueOffsets[i + 1] = items.length;
  }
  const child = dataOf(`${name}[]`, items, nulls);
  return makeData({
    type: new List(new Field('item', child.type, true)),
    length: values.length,
    valueOffsets,
    child,
    ...none,
  });
}

function records(name: string, values: ArrayLike<Record<string, unknown> | null>, none: Nulls, nulls: boolean): Data {
  const rows = Array.from(values);
  const names = new Set(rows.flatMap((row) => Object.keys(row ?? {})));
  const children = [...names].map((field) =>
    dataOf(
      `${name}.${field}`,
      rows.map((row) => row?.[field]),
      nulls,
    ),
  );
  const fields = [...names].map((field, c) => new Field(field, children[c]?.type as Null, true));
  return makeData({ type: new Struct(fields), length: values.length, children, ...none });
}

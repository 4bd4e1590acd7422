/** Converts columns of results to Arrow data. The values of a column decide its type. */

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

/** Builds the null bitmap of a column; without a null it has none. */
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

export const isNullish = (value: unknown) => value === null || value === undefined;

/**
 * Converts a column to Arrow data. The first value that is not null decides the type; if all are null the type is Null.
 * @param nulls whether NaN becomes null
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming column and index, if values are of different kinds
 */
export function dataOf(name: string, values: Values, nulls: boolean): Data {
  if (values instanceof Float64Array) return numbers(values, nulls ? nullsOf(values, Number.isNaN) : { nullCount: 0 });
  const kind = kindOf(name, values);
  const nullMask =
    kind === undefined
      ? { nullCount: 0 }
      : nullsOf(values, nulls && kind === 'number' ? (value) => isNullish(value) || Number.isNaN(value) : isNullish);
  switch (kind) {
    case 'number':
      return numbers(Float64Array.from(values as ArrayLike<number>), nullMask);
    case 'string':
      return strings(name, values as ArrayLike<string | null>, nullMask);
    case 'bigint':
      return bigints(name, values as ArrayLike<bigint>, nullMask);
    case 'boolean':
      return booleans(values, nullMask);
    case 'list':
      return lists(name, values as ArrayLike<Values | null>, nullMask, nulls);
    case 'record':
      return records(name, values as ArrayLike<Record<string, unknown> | null>, nullMask, nulls);
    default:
      return makeData({ type: new Null(), length: values.length });
  }
}

type Nulls = ReturnType<typeof nullsOf>;

/** The kind of all values; undefined if all are null. */
function kindOf(name: string, values: Values): string | undefined {
  let first: string | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === first || isNullish(value)) continue;
    const kind = kindOfValue(value);
    if (kind && (kind === first || !first)) first = kind;
    else
      throw columnError(
        name,
        value,
        first ? `a ${first}, as the values before` : 'a number, string, list or record',
        i,
      );
  }
  return first;
}

function kindOfValue(value: unknown): string | undefined {
  if (typeof value !== 'object') return ['number', 'string', 'bigint', 'boolean'].find((kind) => kind === typeof value);
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return 'list';
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? 'record' : undefined;
}

/** The error for a value that a column does not accept. */
export function columnError(
  name: string,
  value: unknown,
  accepted: string,
  index?: number,
  cause?: unknown,
): OrielError {
  return new OrielError(
    'ERR_ORIEL_COLUMN',
    `toArrow: ${placeOf(name, index)}: expected ${accepted}, got ${show(value)}`,
    { cause },
  );
}

/** Uses the array itself, without copying it. */
function numbers(data: Float64Array, nullMask: Nulls): Data {
  return makeData({ type: new Float64(), length: data.length, data, ...nullMask });
}

/**
 * Encodes strings as a dictionary of the distinct ones. The dictionary's id is a hash of the column's name, so that all
 * tables of a stream have the same schema.
 */
function strings(name: string, values: ArrayLike<string | null>, nullMask: Nulls): Data {
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
  // Not `vectorFromArray`: it compiles code from a string, which a page's security policy may forbid.
  const dictionary = makeBuilder({ type: new Utf8() });
  for (const value of places.keys()) dictionary.append(value);
  return makeData({ type, length: data.length, data, dictionary: dictionary.finish().toVector(), ...nullMask });
}

function bigints(name: string, values: ArrayLike<bigint>, nullMask: Nulls): Data {
  const list = Array.from(values, (value) => value ?? 0n);
  const type = list.some((value) => BigInt.asIntN(64, value) !== value) ? new Uint64() : new Int64();
  const data = (type instanceof Uint64 ? BigUint64Array : BigInt64Array).from(list);
  const bad = list.findIndex((value, i) => data[i] !== value);
  if (bad >= 0) throw columnError(name, list[bad], 'bigints of 64 bits, all signed or all unsigned', bad);
  return makeData({ type, length: data.length, data, ...nullMask } as never);
}

function booleans(values: Values, nullMask: Nulls): Data {
  const data = new Uint8Array(((values.length + 63) >> 6) << 3);
  for (let i = 0; i < values.length; i++) if (values[i]) data[i >> 3] = (data[i >> 3] as number) | (1 << (i & 7));
  return makeData({ type: new Bool(), length: values.length, data, ...nullMask });
}

function lists(name: string, values: ArrayLike<Values | null>, nullMask: Nulls, nulls: boolean): Data {
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
    ...nullMask,
  });
}

function records(
  name: string,
  values: ArrayLike<Record<string, unknown> | null>,
  nullMask: Nulls,
  nulls: boolean,
): Data {
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
  return makeData({ type: new Struct(fields), length: values.length, children, ...nullMask });
}

/** Columns of results as data of a type that the caller names. */

import {
  type Data,
  type DataType,
  type Date_,
  DateUnit,
  Float64,
  type Int,
  makeData,
  type Timestamp,
  Type,
  vectorFromArray,
} from 'apache-arrow';
import { dataOf, isNone, nullsOf, refused } from './build';
import { DAY, TICKS, UNITS } from './words';

type Values = ArrayLike<unknown>;

const isMissing = (value: unknown) => isNone(value) || Number.isNaN(value);
/** What is missing is no time, and neither are the ends of a window that has none. */
const isTimeless = (value: unknown) => isMissing(value) || Math.abs(value as number) === Number.POSITIVE_INFINITY;

/**
 * What is missing is null, in floats only where `nulls` says so.
 * @param unit of times, in nanoseconds
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming the column, and of whole numbers and times the index, where a value is none of the type
 */
export function cast(name: string, values: Values, type: DataType, nulls: boolean, unit: number): Data {
  const timesOf = (tick: number) => integers(name, values, type, isTimeless, (time) => ticksOf(time, unit, tick));
  switch (type?.typeId) {
    case Type.Int:
      return integers(name, values, type as Int, isMissing, (value) => value);
    case Type.Timestamp:
    case Type.Time:
    case Type.Duration:
      return timesOf(TICKS[(type as Timestamp).unit] as number);
    case Type.Date:
      return timesOf((type as Date_).unit === DateUnit.DAY ? DAY : UNITS.ms);
  }
  if (type instanceof Float64 && values instanceof Float64Array) return dataOf(name, values, nulls);
  const isNull = nulls || type?.typeId !== Type.Float ? isMissing : isNone;
  try {
    return vectorFromArray(
      Array.from(values, (value) => (isNull(value) ? null : value)),
      type,
    ).data[0] as Data;
  } catch (cause) {
    throw refused(name, values[0], `values of type ${type}`, undefined, cause);
  }
}

/** Whole numbers, each of which must be one of the type. */
function integers(
  name: string,
  values: Values,
  type: DataType,
  isNull: (value: unknown) => boolean,
  read: (value: unknown) => unknown,
): Data {
  const data = new type.ArrayType(values.length);
  const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    if (isNull(values[i])) continue;
    const value = read(values[i]);
    const isWhole = typeof value === 'bigint' || Number.isInteger(value);
    if (isWhole) data[i] = isWide ? BigInt(value as number) : Number(value);
    // biome-ignore lint/suspicious/noDoubleEquals: a bigint may be a number here
    if (!isWhole || data[i] != value) throw refused(name, values[i], `what a ${type} can be`, i);
  }
  return makeData({ type, length: values.length, data, ...nullsOf(values, isNull) } as never);
}

/** A time in ticks: to the nearest where they are finer than the unit, else those that have begun. */
function ticksOf(time: unknown, unit: number, tick: number): number | bigint | undefined {
  if (typeof time !== 'number') return undefined;
  if (tick >= unit) return Math.floor(time / (tick / unit));
  const whole = Math.floor(time);
  return BigInt(whole) * BigInt(unit / tick) + BigInt(Math.round((time - whole) * (unit / tick)));
}

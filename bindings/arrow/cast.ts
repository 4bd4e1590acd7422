/** Converts columns of results to Arrow data of a type that the caller chooses. */

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
import { columnError, dataOf, isNullish, nullsOf } from './build';
import { DAY, TICKS, UNITS } from './words';

type Values = ArrayLike<unknown>;

const isMissing = (value: unknown) => isNullish(value) || Number.isNaN(value);
/** Whether a value is not a time: it is missing, or the infinite bound of an unbounded window. */
const isTimeless = (value: unknown) => isMissing(value) || Math.abs(value as number) === Number.POSITIVE_INFINITY;

/**
 * Converts a column. Missing values become null; in floats NaN becomes null only if `nulls` is set.
 * @param unit the unit of the stream's times, in nanoseconds
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming the column, if a value does not fit the type; for integers and times it
 *   also names the index
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
  const isNull = nulls || type?.typeId !== Type.Float ? isMissing : isNullish;
  try {
    return vectorFromArray(
      Array.from(values, (value) => (isNull(value) ? null : value)),
      type,
    ).data[0] as Data;
  } catch (cause) {
    throw columnError(name, values[0], `values of type ${type}`, undefined, cause);
  }
}

/** Converts to an integer type. Each value must be a whole number in its range. */
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
    if (!isWhole || data[i] != value) throw columnError(name, values[i], `what a ${type} can be`, i);
  }
  return makeData({ type, length: values.length, data, ...nullsOf(values, isNull) } as never);
}

/** Converts a time to ticks: rounds to the nearest if ticks are finer than the unit, otherwise down. */
function ticksOf(time: unknown, unit: number, tick: number): number | bigint | undefined {
  if (typeof time !== 'number') return undefined;
  if (tick >= unit) return Math.floor(time / (tick / unit));
  const whole = Math.floor(time);
  return BigInt(whole) * BigInt(unit / tick) + BigInt(Math.round((time - whole) * (unit / tick)));
}

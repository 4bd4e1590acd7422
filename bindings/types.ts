/** What follows from a spec: the types of events, columns, claims and results. */

import type { Aggregate, Spec, Window } from './spec';

export type Key = string | number | bigint;
export type TypedNumbers =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
/** A column of measures or times: `null`, `undefined` and NaN are missing measures. */
export type NumberColumn = TypedNumbers | readonly (number | bigint | null | undefined)[];
/** A column of keys, all of one kind. */
export type KeyColumn = TypedNumbers | readonly Key[];
/** A value of a measure. */
export type Measure = number | bigint | null | undefined;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type KeyNames<S extends Spec> = S['key'] extends string
  ? S['key']
  : S['key'] extends readonly string[]
    ? S['key'][number]
    : never;
type ColumnOf<A> = A extends Aggregate<infer Column, unknown> ? Column : never;
type MeasureNames<S extends Spec> = Exclude<ColumnOf<S['aggregates'][keyof S['aggregates']]>, S['time'] | KeyNames<S>>;
type ResultOf<A> = A extends Aggregate<string, infer Result> ? Result : never;

/** One event, as `push` takes it. */
export type Event<S extends Spec> = Simplify<
  Record<S['time'], number> & Record<KeyNames<S>, Key> & Record<MeasureNames<S>, Measure>
>;

/** Events as columns of one length, as `pushColumns` takes them. */
export type Columns<S extends Spec> = Simplify<
  Record<S['time'], NumberColumn> & Record<KeyNames<S>, KeyColumn> & Record<MeasureNames<S>, NumberColumn>
>;

/** Views into the ring, as `claim` gives them. */
export type Claim<S extends Spec> = Simplify<
  Record<S['time'] | MeasureNames<S>, Float64Array> & Record<KeyNames<S>, Float64Array | Uint32Array>
>;

/** One result: a key in a window. */
export type Row<S extends Spec> = Simplify<
  { start: number; end: number } & Record<KeyNames<S>, Key> & {
      -readonly [Name in keyof S['aggregates']]: ResultOf<S['aggregates'][Name]>;
    } & (S['window'] extends Window ? unknown : { window: keyof S['window'] & string }) &
    (S['emit'] extends 'updates' ? { pane: 'on-time' | 'late' } : unknown)
>;

/** An event that no window took, as `onLate` receives it: times, keys and measures, missing ones as NaN. */
export type LateEvent<S extends Spec> = Simplify<
  Record<S['time'], number> & Record<KeyNames<S>, Key> & Record<MeasureNames<S>, number>
>;

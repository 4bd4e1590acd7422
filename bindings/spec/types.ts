/** The types that follow from a spec: events, columns, claims and results. */

import type { Aggregate } from './aggregates';
import type { ColumnInput, TypedNumbers } from './column-input';
import type { ColumnIn, TextIn } from './expression';
import type { EarlyFiring, Spec } from './spec';
import type { Window } from './windows';

/** A key. All keys of a column have one type; bigints must fit 64 bits. -0 and 0 are one key, and so are all NaN. */
export type Key = string | number | bigint;
/** A column of measures or times. `null`, `undefined` and NaN are missing values; times must not be missing. */
export type NumberColumn =
  | TypedNumbers
  | readonly (number | bigint | null | undefined)[]
  | ColumnInput<number | bigint | null>;
/** A column of keys, all of one type. */
export type KeyColumn = TypedNumbers | readonly Key[] | ColumnInput<Key>;
/** A column of strings that is not a key. `null` and `undefined` are missing values. */
export type StringColumn = readonly (string | null | undefined)[] | ColumnInput<string | null>;
/** A value that is aggregated. `null`, `undefined` and NaN are missing values. */
export type Measure = number | bigint | null | undefined;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type KeyNames<S extends Spec> = S['key'] extends string
  ? S['key']
  : S['key'] extends readonly string[]
    ? S['key'][number]
    : never;
type ColumnOf<A> = A extends Aggregate<infer Column, unknown, string> ? Column : never;
type TextOf<A> = A extends Aggregate<string, unknown, infer Text> ? Text : never;
/** The name of the time column; if the spec names none, the name of the time in results. */
type TimeName<S extends Spec> = S['time'] extends string ? S['time'] : 'time';
type EventTime<S extends Spec, T> = S['time'] extends string ? Record<S['time'], T> : unknown;
type Windows<S extends Spec> = S['window'] extends Window ? S['window'] : S['window'][keyof S['window']];
type GapOf<W> = W extends Window<infer _, infer Column> ? (string extends Column ? never : Column) : never;
type ShapeOf<W> = W extends Window<infer Shape> ? Shape : never;
type Aggregates<S extends Spec> = S['aggregates'][keyof S['aggregates']];
/** The columns of strings: those wrapped in `text(…)` or compared with strings. */
type TextNames<S extends Spec> = Exclude<TextOf<Aggregates<S>> | TextIn<S['where']>, TimeName<S> | KeyNames<S>>;
type MeasureNames<S extends Spec> = Exclude<
  ColumnOf<Aggregates<S>> | ColumnIn<S['where']> | GapOf<Windows<S>>,
  TimeName<S> | KeyNames<S> | TextNames<S>
>;
type ResultOf<A> = A extends Aggregate<string, infer Result, string> ? Result : never;

/** An event as `push` takes it: its time, key columns, and the columns that aggregates and conditions read. */
export type Event<S extends Spec> = Simplify<
  EventTime<S, number> &
    Record<KeyNames<S>, Key> &
    Record<MeasureNames<S>, Measure> &
    Record<TextNames<S>, string | null | undefined>
>;

/** Events as columns of equal length, as `pushColumns` takes them. */
export type Columns<S extends Spec> = Simplify<
  EventTime<S, NumberColumn> &
    Record<KeyNames<S>, KeyColumn> &
    Record<MeasureNames<S>, NumberColumn> &
    Record<TextNames<S>, StringColumn>
>;

/**
 * An item of a source of `over` or `transform`: an event, an array of events, or events as columns. A source may mix
 * them.
 */
export type Item<S extends Spec> = Event<S> | readonly Event<S>[] | Columns<S>;

/** What `claim` returns: writable views of the claimed places in the ring, one for each column. */
export type Claim<S extends Spec> = Simplify<
  EventTime<S, Float64Array> &
    Record<MeasureNames<S> | TextNames<S>, Float64Array> &
    Record<KeyNames<S>, Float64Array | Uint32Array>
>;

type Outputs<S extends Spec> = { -readonly [Name in keyof S['aggregates']]: ResultOf<S['aggregates'][Name]> };
type Panes<S extends Spec> = S['emit'] extends 'updates'
  ? { pane: 'on-time' | 'late'; index: number; final: boolean }
  : S['emit'] extends EarlyFiring
    ? { pane: 'early' | 'on-time' | 'late'; index: number; final: boolean }
    : unknown;
type Bounds<S extends Spec> = ('bounds' extends ShapeOf<Windows<S>> ? { start: number; end: number } : unknown) &
  ('time' extends ShapeOf<Windows<S>> ? Record<TimeName<S>, number> : unknown);

/**
 * One result: the aggregates of a key in a window, with the window's bounds, the key's columns, the window's `window`
 * name if the spec names its windows, and with `emit` other than `'final'` `pane`, `index` and `final`. Rows of
 * `rolling` have the time of their event in place of `start` and `end`. If a stream has both kinds of window, the
 * fields that do not apply are NaN.
 */
export type Row<S extends Spec> = Simplify<
  Bounds<S> &
    Record<KeyNames<S>, Key> &
    Outputs<S> &
    (S['window'] extends Window ? unknown : { window: keyof S['window'] & string }) &
    Panes<S>
>;

type Present<S extends Spec> = Simplify<{ start: number; end: number } & Outputs<S>>;

/**
 * What `query` returns: the current values of a key and the bounds of its window; a record of these by window name if
 * windows are named.
 */
export type Answer<S extends Spec> = S['window'] extends Window
  ? Present<S>
  : { [Name in keyof S['window']]: Present<S> };

/**
 * The key that `query` takes: a value for one key column, a list of values for several, undefined if the spec has no
 * key.
 */
export type KeyOf<S extends Spec> = S['key'] extends string
  ? Key
  : S['key'] extends readonly string[]
    ? readonly Key[]
    : undefined;

/**
 * A late event as `onLate` receives it: its time, key columns and measures. Missing numbers are NaN, missing strings
 * null.
 */
export type LateEvent<S extends Spec> = Simplify<
  Record<TimeName<S>, number> &
    Record<KeyNames<S>, Key> &
    Record<MeasureNames<S>, number> &
    Record<TextNames<S>, string | null>
>;

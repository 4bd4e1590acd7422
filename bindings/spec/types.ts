/** What follows from a spec: the types of events, columns, claims and results. */

import type { Aggregate } from './aggregates';
import type { ColumnInput, TypedNumbers } from './column-input';
import type { ColumnIn, TextIn } from './expression';
import type { EarlyFiring, Spec } from './spec';
import type { Window } from './windows';

export type Key = string | number | bigint;
/** A column of measures or times: `null`, `undefined` and NaN are missing measures. */
export type NumberColumn =
  | TypedNumbers
  | readonly (number | bigint | null | undefined)[]
  | ColumnInput<number | bigint | null>;
/** A column of keys, all of one kind. */
export type KeyColumn = TypedNumbers | readonly Key[] | ColumnInput<Key>;
/** A column of strings that are measures: `null` and `undefined` are missing. */
export type StringColumn = readonly (string | null | undefined)[] | ColumnInput<string | null>;
/** A value of a measure. */
export type Measure = number | bigint | null | undefined;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type KeyNames<S extends Spec> = S['key'] extends string
  ? S['key']
  : S['key'] extends readonly string[]
    ? S['key'][number]
    : never;
type ColumnOf<A> = A extends Aggregate<infer Column, unknown, string> ? Column : never;
type TextOf<A> = A extends Aggregate<string, unknown, infer Text> ? Text : never;
/** The name that times have; of events that have none, the name in the results. */
type TimeName<S extends Spec> = S['time'] extends string ? S['time'] : 'time';
type EventTime<S extends Spec, T> = S['time'] extends string ? Record<S['time'], T> : unknown;
type Windows<S extends Spec> = S['window'] extends Window ? S['window'] : S['window'][keyof S['window']];
type GapOf<W> = W extends Window<infer _, infer Column> ? (string extends Column ? never : Column) : never;
type ShapeOf<W> = W extends Window<infer Shape> ? Shape : never;
type Aggregates<S extends Spec> = S['aggregates'][keyof S['aggregates']];
/** Columns of strings: those that are compared with strings, or said to be of them. */
type TextNames<S extends Spec> = Exclude<TextOf<Aggregates<S>> | TextIn<S['where']>, TimeName<S> | KeyNames<S>>;
type MeasureNames<S extends Spec> = Exclude<
  ColumnOf<Aggregates<S>> | ColumnIn<S['where']> | GapOf<Windows<S>>,
  TimeName<S> | KeyNames<S> | TextNames<S>
>;
type ResultOf<A> = A extends Aggregate<string, infer Result, string> ? Result : never;

/** One event, as `push` takes it. */
export type Event<S extends Spec> = Simplify<
  EventTime<S, number> &
    Record<KeyNames<S>, Key> &
    Record<MeasureNames<S>, Measure> &
    Record<TextNames<S>, string | null | undefined>
>;

/** Events as columns of one length, as `pushColumns` takes them. */
export type Columns<S extends Spec> = Simplify<
  EventTime<S, NumberColumn> &
    Record<KeyNames<S>, KeyColumn> &
    Record<MeasureNames<S>, NumberColumn> &
    Record<TextNames<S>, StringColumn>
>;

/** What `over` and `transform` take, in any mixture: an event, an array of events, or events as columns. */
export type Item<S extends Spec> = Event<S> | readonly Event<S>[] | Columns<S>;

/** Views into the ring, as `claim` gives them. */
export type Claim<S extends Spec> = Simplify<
  EventTime<S, Float64Array> &
    Record<MeasureNames<S> | TextNames<S>, Float64Array> &
    Record<KeyNames<S>, Float64Array | Uint32Array>
>;

type Figures<S extends Spec> = { -readonly [Name in keyof S['aggregates']]: ResultOf<S['aggregates'][Name]> };
type Panes<S extends Spec> = S['emit'] extends 'updates'
  ? { pane: 'on-time' | 'late'; index: number; final: boolean }
  : S['emit'] extends EarlyFiring
    ? { pane: 'early' | 'on-time' | 'late'; index: number; final: boolean }
    : unknown;
type Bounds<S extends Spec> = ('bounds' extends ShapeOf<Windows<S>> ? { start: number; end: number } : unknown) &
  ('time' extends ShapeOf<Windows<S>> ? Record<TimeName<S>, number> : unknown);

/**
 * One result: a key in a window. Rows of `rolling` have the time of their event in place of `start` and `end`; where a stream has both
 * kinds of window, what does not apply is NaN.
 */
export type Row<S extends Spec> = Simplify<
  Bounds<S> &
    Record<KeyNames<S>, Key> &
    Figures<S> &
    (S['window'] extends Window ? unknown : { window: keyof S['window'] & string }) &
    Panes<S>
>;

type Present<S extends Spec> = Simplify<{ start: number; end: number } & Figures<S>>;

/** The present values of a key; of several windows by name. */
export type Answer<S extends Spec> = S['window'] extends Window
  ? Present<S>
  : { [Name in keyof S['window']]: Present<S> };

/** What `query` takes for a key: nothing where there is none, one value for each column where there are several. */
export type KeyOf<S extends Spec> = S['key'] extends string
  ? Key
  : S['key'] extends readonly string[]
    ? readonly Key[]
    : undefined;

/** An event that no window took, as `onLate` receives it: times, keys and measures, missing ones as NaN. */
export type LateEvent<S extends Spec> = Simplify<
  Record<TimeName<S>, number> &
    Record<KeyNames<S>, Key> &
    Record<MeasureNames<S>, number> &
    Record<TextNames<S>, string | null>
>;

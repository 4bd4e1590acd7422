/** What a stream is told: windows and aggregates as plain values, and the check of a whole spec. */

import type { WindowBatch } from './batch';
import { OrielError, show } from './errors';
import { bytesOf, type Extent, lengthOf } from './extent';
import type { LateEvent } from './types';

/** Times up to this are exact. */
export const MAX_TIME = 2 ** 53;

/** A kind of window, with its lengths in time units. */
export interface Window {
  readonly kind: 'tumbling' | 'hopping';
  readonly size: number;
  readonly every: number;
  readonly offset: number;
}

/** One figure of a window: which, of which column. */
export interface Aggregate<Column extends string = string, Result = number> {
  readonly kind: string;
  readonly column: Column | undefined;
  /** Only there for inference. */
  readonly result?: Result;
}

/**
 * Adjacent windows: `[offset + k size, offset + (k + 1) size)`, for every whole k.
 *
 * @example tumbling('1m')
 */
export function tumbling(size: Extent, options: { offset?: Extent } = {}): Window {
  const length = positive(size, 'tumbling: size');
  return { kind: 'tumbling', size: length, every: length, offset: offsetOf(options, 'tumbling', length) };
}

/**
 * Windows of one size, one of them starting every so often: `[offset + k every, offset + k every + size)`. Any ratio will
 * do; with `every` greater than `size` some events lie in no window, and are counted as skipped.
 *
 * @example hopping('1m', '10s')  // each event in six windows
 */
export function hopping(size: Extent, every: Extent, options: { offset?: Extent } = {}): Window {
  const step = positive(every, 'hopping: every');
  return {
    kind: 'hopping',
    size: positive(size, 'hopping: size'),
    every: step,
    offset: offsetOf(options, 'hopping', step),
  };
}

function positive(extent: Extent, field: string): number {
  const length = lengthOf(extent, field);
  if (length > 0 && length <= MAX_TIME) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected more than 0 and at most 2^53, got ${show(extent)}`);
}

function offsetOf(options: { offset?: Extent }, kind: string, step: number): number {
  only(options, ['offset'], kind);
  const offset = options.offset === undefined ? 0 : lengthOf(options.offset, `${kind}: offset`);
  return offset - Math.floor(offset / step) * step;
}

/** An aggregate by the name of its kind: what the functions below are made of. */
export function aggregate<Column extends string>(kind: string, column: Column): Aggregate<Column> {
  if (typeof column === 'string' && column !== '') return { kind, column };
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected the name of a column, got ${show(column)}`);
}

/** Number of events, or, of a column, of its values: of events where it is not missing. */
export function count(): Aggregate<never>;
export function count<Column extends string>(column: Column): Aggregate<Column>;
export function count(column?: string): Aggregate {
  return column === undefined ? { kind: 'events', column } : aggregate('count', column);
}

/** Sum of the values, compensated: within an ulp of the exact sum for ordinary data. */
export const sum = <Column extends string>(column: Column) => aggregate('sum', column);

/** Arithmetic mean of the values. */
export const mean = <Column extends string>(column: Column) => aggregate('mean', column);

/** Least value. */
export const min = <Column extends string>(column: Column) => aggregate('min', column);

/** Greatest value. */
export const max = <Column extends string>(column: Column) => aggregate('max', column);

/** Greatest less least value. */
export const range = <Column extends string>(column: Column) => aggregate('range', column);

/** Product of the values. */
export const product = <Column extends string>(column: Column) => aggregate('product', column);

/** Value of the earliest event in event time that has one; of several at that time the first to arrive. */
export const first = <Column extends string>(column: Column) => aggregate('first', column);

/** Value of the latest event in event time that has one; of several at that time the last to arrive. */
export const last = <Column extends string>(column: Column) => aggregate('last', column);

/** Sample variance (over n - 1); NaN below two values. */
export const variance = <Column extends string>(column: Column) => aggregate('variance', column);

/** Sample standard deviation (over n - 1); NaN below two values. */
export const stddev = <Column extends string>(column: Column) => aggregate('stddev', column);

/** Everything a stream is told. */
export interface Spec {
  /** The column of event times: numbers in any unit, milliseconds since the epoch where durations are given as strings. */
  readonly time: string;
  /** The column, or columns, whose values group the events; none: one group for all. */
  readonly key?: string | readonly string[];
  /** The window, or several by name, which share the work. */
  readonly window: Window | Readonly<Record<string, Window>>;
  /** The figures, by the name they have in the results. */
  readonly aggregates: Readonly<Record<string, Aggregate>>;
  /** How far behind the newest event an event may come and still count as in order. Default 0. */
  readonly outOfOrder?: Extent;
  /** How long after its end a window still takes late events. Default 0. */
  readonly allowedLateness?: Extent;
  /**
   * `'final'` (default): one result per key and window, when the window closes. `'updates'`: a result when its end has passed, and
   * a new one for each late event that changes it.
   */
  readonly emit?: 'final' | 'updates';
  /** Receives the events that no window took; they are counted anyway. Called when the call that brought them is done. */
  // biome-ignore lint/suspicious/noExplicitAny: the rows' type follows from the rest of the spec
  readonly onLate?: (batch: WindowBatch<any>) => void;
  /** How far ahead of the newest event an event may be; what is beyond is counted as future and not taken. */
  readonly maxFutureSkew?: Extent;
  /** Bounds what the stream holds: bytes, or such as `'256mb'`. Default: what WebAssembly has, 4 GB for all streams. */
  readonly memory?: { readonly maximum: number | string };
}

/** A spec as it was checked: every field there, lengths as numbers. */
export interface CheckedSpec {
  time: string;
  keys: readonly string[];
  windows: readonly Window[];
  /** Names of the windows, where they have any. */
  windowNames: readonly string[] | undefined;
  aggregates: readonly (readonly [name: string, aggregate: Aggregate])[];
  outOfOrder: number;
  allowedLateness: number;
  maxFutureSkew: number;
  updates: boolean;
  onLate: ((batch: WindowBatch<LateEvent<Spec>>) => void) | undefined;
  memoryLimit: number;
  /** Greatest absolute time for which edges are exact. */
  timeLimit: number;
}

const FIELDS = [
  'time',
  'key',
  'window',
  'aggregates',
  'outOfOrder',
  'allowedLateness',
  'emit',
  'onLate',
  'maxFutureSkew',
  'memory',
];
const RESERVED = ['start', 'end', 'window', 'pane'];

/** Checks a spec whole. @throws {OrielError} ERR_ORIEL_SPEC, naming the field, what was given and what is accepted */
export function check(spec: Spec, kinds: Record<string, unknown>): CheckedSpec {
  if (typeof spec !== 'object' || spec === null) reject('spec', 'an object', spec);
  only(spec, FIELDS, 'spec');
  if (typeof spec.time !== 'string' || spec.time === '')
    reject('time', 'the name of the column of event times', spec.time);
  const keys = keysOf(spec);
  const windows = windowsOf(spec.window);
  const emit = spec.emit ?? 'final';
  if (emit !== 'final' && emit !== 'updates') reject('emit', "'final' or 'updates'", emit);
  if (spec.onLate !== undefined && typeof spec.onLate !== 'function') reject('onLate', 'a function', spec.onLate);
  if (spec.memory !== undefined) {
    if (typeof spec.memory !== 'object' || spec.memory === null) reject('memory', '{ maximum }', spec.memory);
    only(spec.memory, ['maximum'], 'memory');
  }
  return {
    time: spec.time,
    keys,
    windows: windows.map(([, window]) => window),
    windowNames: isWindow(spec.window) ? undefined : windows.map(([name]) => name),
    aggregates: aggregatesOf(spec.aggregates, keys, kinds),
    outOfOrder: span(spec.outOfOrder, 'outOfOrder', 0),
    allowedLateness: span(spec.allowedLateness, 'allowedLateness', 0),
    maxFutureSkew: span(spec.maxFutureSkew, 'maxFutureSkew', Number.POSITIVE_INFINITY),
    updates: emit === 'updates',
    onLate: spec.onLate,
    memoryLimit: spec.memory === undefined ? 2 ** 32 : bytesOf(spec.memory.maximum, 'memory.maximum'),
    timeLimit: MAX_TIME * Math.min(1, ...windows.map(([, window]) => Math.min(window.size, window.every))),
  };
}

function keysOf(spec: Spec): string[] {
  const keys = spec.key === undefined ? [] : typeof spec.key === 'string' ? [spec.key] : spec.key;
  const accepted = 'the name of a column, or a list of different ones';
  if (!Array.isArray(keys) || keys.some((name) => typeof name !== 'string' || name === ''))
    reject('key', accepted, spec.key);
  if (spec.key !== undefined && (keys.length === 0 || new Set(keys).size < keys.length))
    reject('key', accepted, spec.key);
  for (const name of keys) {
    if (name === spec.time || RESERVED.includes(name)) {
      reject('key', `a column that is neither the time nor named ${RESERVED.join(', ')}`, name);
    }
  }
  return [...keys];
}

function isWindow(window: unknown): window is Window {
  return typeof window === 'object' && window !== null && typeof (window as Window).kind === 'string';
}

function windowsOf(window: Spec['window']): [string, Window][] {
  const accepted = 'tumbling(…), hopping(…), or a record of them';
  if (typeof window !== 'object' || window === null) reject('window', accepted, window);
  const windows: [string, Window][] = isWindow(window) ? [['', window]] : Object.entries(window);
  if (windows.length === 0 || windows.length > 255) reject('window', `${accepted}, 1 to 255`, window);
  for (const [name, one] of windows) {
    const whole =
      isWindow(one) &&
      ['tumbling', 'hopping'].includes(one.kind) &&
      [one.size, one.every].every((length) => length > 0 && length <= MAX_TIME) &&
      Number.isFinite(one.offset);
    if (!whole) reject(name ? `window.${name}` : 'window', accepted, one);
  }
  return windows;
}

function aggregatesOf(
  aggregates: Spec['aggregates'],
  keys: string[],
  kinds: Record<string, unknown>,
): [string, Aggregate][] {
  const accepted = 'a record of aggregates, such as { visits: count() }';
  if (typeof aggregates !== 'object' || aggregates === null) reject('aggregates', accepted, aggregates);
  const entries = Object.entries(aggregates);
  if (entries.length === 0) reject('aggregates', `${accepted}, at least one`, aggregates);
  for (const [name, one] of entries) {
    const field = `aggregates.${name}`;
    if (typeof one !== 'object' || one === null || typeof one.kind !== 'string' || !(one.kind in kinds)) {
      reject(field, `an aggregate, such as count() or sum('column')`, one);
    }
    if (one.kind !== 'events' && (typeof one.column !== 'string' || one.column === ''))
      reject(field, 'a column', one.column);
    if (keys.includes(name) || RESERVED.includes(name)) {
      reject(field, `a name that is not a key's nor one of ${RESERVED.join(', ')}`, name);
    }
  }
  return entries;
}

function span(extent: Extent | undefined, field: string, fallback: number): number {
  if (extent === undefined) return fallback;
  const length = lengthOf(extent, field);
  if (length < 0 || length > MAX_TIME) reject(field, 'a length of time from 0 to 2^53', extent);
  return length;
}

function only(given: object, accepted: readonly string[], field: string): void {
  for (const name of Object.keys(given)) {
    if (!accepted.includes(name)) {
      throw new OrielError('ERR_ORIEL_SPEC', `${field}: no option ${show(name)}; there are ${accepted.join(', ')}`);
    }
  }
}

function reject(field: string, accepted: string, given: unknown): never {
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected ${accepted}, got ${show(given)}`);
}

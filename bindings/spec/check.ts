/** Checks a spec completely before anything is built from it. */

import type { WindowBatch } from '../base/batch';
import { only, reject } from '../base/errors';
import { drawSeed } from '../base/seed';
import { Aggregate, type AnyAggregate } from './aggregates';
import { MAX_CALENDAR_TIME } from './calendar';
import { bytesOf, type Extent, lengthOf } from './duration';
import { conditionOf, type Expression } from './expression';
import type { Spec } from './spec';
import type { LateEvent } from './types';
import { checkOverlap, isMade, isOnGrid, MAX_TIME, type Window } from './windows';

/** A checked spec: every field is present, and lengths of time are numbers in units of time. */
export interface CheckedSpec {
  /** Name of the time column. If `hasTime` is false, events have no time of their own and get the clock's. */
  time: string;
  hasTime: boolean;
  keys: readonly string[];
  /** Windows on a grid of time first. `places[w]` is the position of window w in the spec. */
  windows: readonly Window[];
  places: readonly number[];
  /** Names of the windows in the same order; undefined if the spec has a single window without a name. */
  windowNames: readonly string[] | undefined;
  aggregates: readonly (readonly [name: string, aggregate: AnyAggregate])[];
  where: Expression | undefined;
  outOfOrder: number;
  allowedLateness: number;
  maxFutureSkew: number;
  /** Whether a window can fire more than once for a key. */
  updates: boolean;
  /** Early firings whenever the watermark passes a multiple of this; Infinity: none. */
  every: number;
  when: ((event: never) => boolean) | undefined;
  discard: boolean;
  fill: 'missing' | 'zero' | 'previous' | 'linear' | undefined;
  onLate: ((batch: WindowBatch<LateEvent<Spec>>) => void) | undefined;
  idle: number;
  clock: () => number;
  memoryLimit: number;
  /** The seed of the hashes of strings, the same on all threads of the stream. */
  seed: number;
  /** Greatest absolute time for which the edges of all windows are exact. */
  timeLimit: number;
  /** Whether events come from several producers, whose events are not ordered among each other. */
  isShared: boolean;
  /** Whether results are packed rows that are merged with those of other workers: see assembly/result/pack.ts. */
  isPartial: boolean;
}

const FIELDS = [
  'time',
  'key',
  'window',
  'aggregates',
  'where',
  'outOfOrder',
  'allowedLateness',
  'emit',
  'accumulate',
  'empty',
  'fill',
  'onLate',
  'maxFutureSkew',
  'idle',
  'clock',
  'memory',
];
/** Bytes of linear memory: the limit of a stream without a maximum. */
export const NO_MAXIMUM = 2 ** 32;

const RESERVED = ['start', 'end', 'window', 'pane', 'index', 'final'];

/**
 * Checks a spec completely.
 * @param kinds the core's aggregates by name
 * @throws {OrielError} ERR_ORIEL_SPEC, naming the field, the accepted values and the given one
 */
export function check(spec: Spec, kinds: Record<string, unknown>): CheckedSpec {
  if (typeof spec !== 'object' || spec === null) reject('spec', 'an object', spec);
  only(spec, FIELDS, 'spec');
  if (spec.time !== undefined && (typeof spec.time !== 'string' || spec.time === '')) {
    reject('time', 'the name of the column of event times', spec.time);
  }
  const { time = 'time' } = spec;
  const keys = keysOf(spec, time);
  const given = windowsOf(spec.window);
  const order = [...given.keys()].sort((a, b) => rank(given[a]) - rank(given[b]));
  const windows = order.map((place) => given[place]?.[1] as Window);
  const emit = emitOf(spec.emit);
  if (spec.accumulate !== undefined && typeof spec.accumulate !== 'boolean') {
    reject('accumulate', 'true or false', spec.accumulate);
  }
  if (spec.onLate !== undefined && typeof spec.onLate !== 'function') reject('onLate', 'a function', spec.onLate);
  if (spec.clock !== undefined && typeof spec.clock !== 'function') reject('clock', 'a function', spec.clock);
  if (spec.memory !== undefined) {
    if (typeof spec.memory !== 'object' || spec.memory === null) reject('memory', '{ maximum }', spec.memory);
    only(spec.memory, ['maximum'], 'memory');
  }
  if (spec.time === undefined) {
    for (const name of ['outOfOrder', 'allowedLateness', 'maxFutureSkew', 'idle'] as const) {
      if (spec[name] !== undefined) reject(name, 'nothing where events have no time of their own', spec[name]);
    }
  }
  return {
    time,
    hasTime: spec.time !== undefined,
    keys,
    windows,
    places: order,
    windowNames: isWindow(spec.window) ? undefined : order.map((place) => given[place]?.[0] as string),
    aggregates: aggregatesOf(spec.aggregates, windows.some(isRolling) ? [...keys, time] : keys, kinds),
    where: spec.where === undefined ? undefined : conditionOf('where', spec.where),
    outOfOrder: lengthOfTime(spec.outOfOrder, 'outOfOrder', 0),
    allowedLateness: lengthOfTime(spec.allowedLateness, 'allowedLateness', 0),
    maxFutureSkew: lengthOfTime(spec.maxFutureSkew, 'maxFutureSkew', Number.POSITIVE_INFINITY),
    ...emit,
    discard: emit.updates && spec.accumulate === false,
    fill: fillOf(spec, windows, emit.updates),
    onLate: spec.onLate,
    idle: lengthOfTime(spec.idle, 'idle', Number.POSITIVE_INFINITY),
    clock: spec.clock ?? Date.now,
    memoryLimit: spec.memory === undefined ? NO_MAXIMUM : bytesOf(spec.memory.maximum, 'memory.maximum'),
    seed: drawSeed(),
    timeLimit: Math.min(...windows.map(limitOf)),
    isShared: false,
    isPartial: false,
  };
}

/** Whether a window emits a row for each event, with the event's time in place of start and end. */
export function isRolling({ kind }: Window): boolean {
  return kind === 'rolling';
}

/** Windows on a grid come first: they share a store. */
function rank(entry: [string, Window] | undefined): number {
  return entry && isOnGrid(entry[1]) ? 0 : 1;
}

/** Greatest absolute time for which a window's edges are exact. */
function limitOf({ kind, size, every, most, calendar }: Window): number {
  if (calendar) return MAX_CALENDAR_TIME;
  if (kind === 'filled' || kind === 'counted' || kind === 'everything') return MAX_TIME;
  return MAX_TIME * Math.min(1, size, every || 1, most);
}

function emitOf(emit: Spec['emit'] = 'final'): Pick<CheckedSpec, 'updates' | 'every' | 'when'> {
  const never = Number.POSITIVE_INFINITY;
  if (emit === 'final' || emit === 'updates') return { updates: emit === 'updates', every: never, when: undefined };
  const accepted = "'final', 'updates', or { every } or { when } or both";
  if (typeof emit !== 'object' || emit === null) reject('emit', accepted, emit);
  only(emit, ['every', 'when'], 'emit');
  const { every, when } = emit;
  if (every === undefined && when === undefined) reject('emit', accepted, emit);
  if (when !== undefined && typeof when !== 'function') reject('emit.when', 'a function of an event', when);
  const length = lengthOfTime(every, 'emit.every', never);
  if (length === 0) reject('emit.every', 'more than 0', every);
  return { updates: true, every: length, when };
}

function fillOf(spec: Spec, windows: readonly Window[], updates: boolean): CheckedSpec['fill'] {
  const { empty = 'skip', fill } = spec;
  if (empty !== 'skip' && empty !== 'fill') reject('empty', "'skip' or 'fill'", empty);
  if (fill !== undefined && !['missing', 'zero', 'previous', 'linear'].includes(fill)) {
    reject('fill', "'missing', 'zero', 'previous' or 'linear'", fill);
  }
  if (empty === 'skip') {
    if (fill !== undefined) reject('fill', "nothing without empty: 'fill'", fill);
    return undefined;
  }
  if (updates) reject('empty', "'skip' where emit is not 'final'", empty);
  const endless = windows.some((window) => !isOnGrid(window) || window.kind === 'everything');
  if (endless) reject('empty', "'skip' for windows that are not tumbling, hopping or cumulative, by time", empty);
  return fill ?? 'missing';
}

function keysOf(spec: Spec, time: string): string[] {
  const keys = spec.key === undefined ? [] : typeof spec.key === 'string' ? [spec.key] : spec.key;
  const accepted = 'the name of a column, or a list of different ones';
  if (!Array.isArray(keys) || keys.some((name) => typeof name !== 'string' || name === ''))
    reject('key', accepted, spec.key);
  if (spec.key !== undefined && (keys.length === 0 || new Set(keys).size < keys.length))
    reject('key', accepted, spec.key);
  for (const name of keys) {
    if (name === time || RESERVED.includes(name)) {
      reject('key', `a column that is neither the time nor named ${RESERVED.join(', ')}`, name);
    }
  }
  return [...keys];
}

function isWindow(window: unknown): window is Window {
  return typeof window === 'object' && window !== null && typeof (window as Window).kind === 'string';
}

function windowsOf(window: Spec['window']): [string, Window][] {
  const accepted = 'a window as tumbling(…), session(…) and the like return it, or a record of them';
  if (typeof window !== 'object' || window === null) reject('window', accepted, window);
  const windows: [string, Window][] = isWindow(window) ? [['', window]] : Object.entries(window);
  if (windows.length === 0 || windows.length > 255) reject('window', `${accepted}, 1 to 255`, window);
  for (const [name, one] of windows) {
    if (!isMade(one)) reject(name ? `window.${name}` : 'window', accepted, one);
  }
  checkOverlap(windows.map(([, one]) => one));
  return windows;
}

function aggregatesOf(
  aggregates: Spec['aggregates'],
  keys: string[],
  kinds: Record<string, unknown>,
): [string, AnyAggregate][] {
  const accepted = 'a record of aggregates, such as { visits: count() }';
  if (typeof aggregates !== 'object' || aggregates === null) reject('aggregates', accepted, aggregates);
  const entries = Object.entries(aggregates);
  if (entries.length === 0) reject('aggregates', `${accepted}, at least one`, aggregates);
  for (const [name, one] of entries) {
    const field = `aggregates.${name}`;
    if (!Aggregate.isMade(one) || !(one.kind in kinds || one.fields !== undefined)) {
      reject(field, `an aggregate, such as count() or sum('column')`, one);
    }
    if (keys.includes(name) || RESERVED.includes(name)) {
      reject(field, `a name that is not a key's nor one of ${RESERVED.join(', ')}`, name);
    }
  }
  return entries;
}

function lengthOfTime(extent: Extent | undefined, field: string, fallback: number): number {
  if (extent === undefined) return fallback;
  const length = lengthOf(extent, field);
  if (length < 0 || length > MAX_TIME) reject(field, 'a length of time from 0 to 2^53', extent);
  return length;
}

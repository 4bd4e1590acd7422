/**
 * Every method by which a stream accepts events, so that a suite pushes the same events by each of them:
 *
 *     for (const door of DOORS) put(stream, events, door);
 *
 * All of them must give the same results and refuse the same events.
 */

import type { OrielErrorCode } from '../../bindings';
import { refused } from './helpers';

/**
 * 'push' takes single events, 'rows' pushRows, 'columns' pushColumns of plain arrays, 'typed' pushColumns of typed
 * arrays, 'claim' writes into claimed columns and commits them.
 */
export const DOORS = ['push', 'rows', 'columns', 'typed', 'claim'] as const;
export type Door = (typeof DOORS)[number];

/** What `put` needs of a stream. Any stream fits, whatever its spec. */
export interface Fed {
  push(event: never): void;
  pushRows(events: never): void;
  pushColumns(columns: never): void;
  claim(n: number): object;
  keyId(key: never, column?: string): number;
  commit(n: number): void;
}

/** A stream of any spec, with arguments that no type can follow. */
interface Loose {
  push(event: object): void;
  pushRows(events: readonly object[]): void;
  pushColumns(columns: object): void;
  claim(n: number): Record<string, Float64Array>;
  keyId(key: string, column: string): number;
  commit(n: number): void;
}

/**
 * Pushes the events, all of which have the fields of the first. Each call but `push` takes all of them at once; a claim
 * holds up to 4,096. Claims cannot hold bigints: events with some go through `pushColumns` instead.
 */
export function put(stream: Fed, events: readonly object[], door: Door): void {
  const target = stream as Loose;
  if (door === 'push') for (const event of events) target.push(event);
  else if (door === 'rows') target.pushRows(events);
  else if (door === 'claim' && !hasBigints(events)) write(target, events);
  else target.pushColumns(columnsOf(events, door === 'typed'));
}

/**
 * Expects that every door refuses the events with that code because of their last one, in a message that has all the
 * parts, and, unless it is pushed alone, the index of that event.
 */
export function refusedByEveryDoor(
  stream: Fed,
  events: readonly object[],
  code: OrielErrorCode,
  ...parts: string[]
): void {
  const last = events.length - 1;
  refused(code, () => put(stream, events.slice(last), 'push'), ...parts);
  for (const door of DOORS) {
    if (door !== 'push') refused(code, () => put(stream, events, door), ...parts, `index ${last}`);
  }
}

/** The events as columns: plain arrays, or typed ones where all values are numbers or all are bigints. */
export function columnsOf(events: readonly object[], isTyped = false): Record<string, ArrayLike<unknown>> {
  const names = Object.keys(events[0] ?? {});
  const column = (name: string) => {
    const values = events.map((event) => (event as Record<string, unknown>)[name]);
    if (isTyped && values.every((value) => typeof value === 'number')) return Float64Array.from(values);
    if (isTyped && values.every((value) => typeof value === 'bigint')) return BigInt64Array.from(values);
    return values;
  };
  return Object.fromEntries(names.map((name) => [name, column(name)]));
}

function hasBigints(events: readonly object[]): boolean {
  return events.some((event) => Object.values(event).some((value) => typeof value === 'bigint'));
}

/** Writes numbers as they are, missing values as NaN and strings by their ids. */
function write(stream: Loose, events: readonly object[]): void {
  const views = stream.claim(events.length);
  events.forEach((event, i) => {
    for (const [name, view] of Object.entries(views)) {
      const value = (event as Record<string, unknown>)[name];
      view[i] = typeof value === 'string' ? stream.keyId(value, name) : ((value ?? Number.NaN) as number);
    }
  });
  stream.commit(events.length);
}

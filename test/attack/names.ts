/** Names that objects inherit or that mean something to JavaScript, and streams that use them for everything. */

import { collect, count, last, rolling, sum, text, tumbling, type WindowBatch } from '../../bindings';

/** Names of which an object without fields already has a value, or that code may take for something else. */
export const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  '__defineGetter__',
  '__lookupSetter__',
  'length',
  'name',
  'prototype',
  'then',
  'toJSON',
  'kind',
  'size',
] as const;

const ROLES = ['time', 'key', 'measure', 'text', 'count', 'list', 'window', 'other'] as const;
type Role = (typeof ROLES)[number];
/** What a stream calls its columns, aggregates and windows. An aggregate of a column has the column's name. */
export type Names = Readonly<Record<Role, string>>;

export const HARMLESS = Object.fromEntries(ROLES.map((role) => [role, role])) as Names;

/** All roles with hostile names, the first of them at `from`. */
export function hostile(from: number): Names {
  return Object.fromEntries(ROLES.map((role, i) => [role, NAMES[(from + i) % NAMES.length]])) as Names;
}

export type Fields = Record<string, unknown>;

/** The events of a stream. Every third has no measure, every fifth no text: either the field is absent or undefined. */
export function eventsOf(names: Names, isAbsent: boolean): Fields[] {
  const times = [1, 2, 3, 12, 13, 4, 25, 26, 27, 28, 3, 41, 42];
  return times.map((t, i) => {
    const fields: [string, unknown][] = [
      [names.time, t],
      [names.key, `k${i % 2}`],
      [names.measure, i % 3 === 2 ? undefined : i],
      [names.text, i % 5 === 4 ? undefined : `s${i}`],
    ];
    return Object.fromEntries(isAbsent ? fields.filter(([, value]) => value !== undefined) : fields);
  });
}

/** The events as columns; `isTyped` gives typed arrays where all values are numbers. */
export function columnsOf(events: readonly Fields[], isTyped: boolean): Fields {
  const names = Object.keys(events[0] as Fields);
  return Object.fromEntries(
    names.map((name) => {
      const values = events.map((event) => event[name]);
      return [name, isTyped && values.every((value) => typeof value === 'number') ? Float64Array.from(values) : values];
    }),
  );
}

/** A spec that names everything so. With `isEarly` a function of the events fires windows early. */
export function specOf(names: Names, onLate: (batch: WindowBatch<Fields>) => void, isEarly: boolean, hasKey = true) {
  return {
    time: names.time,
    ...(hasKey ? { key: names.key } : {}),
    window: hasKey
      ? Object.fromEntries([
          [names.window, tumbling(10)],
          [names.other, rolling(20)],
        ])
      : Object.fromEntries([[names.window, tumbling(10)]]),
    aggregates: Object.fromEntries<unknown>([
      [names.measure, sum(names.measure)],
      [names.text, last(text(names.text))],
      [names.count, count()],
      [names.list, collect(names.measure, { limit: 4 })],
    ]),
    ...(isEarly ? { emit: { when: (event: Fields) => event[names.measure] === 6 } } : {}),
    onLate,
  };
}

/** A record under the names of roles. Fails if it has a field twice, or other than the plain prototype. */
export function byRoles(names: Names, record: object): Fields {
  if (Object.getPrototypeOf(record) !== Object.prototype) throw new Error('a record with another prototype');
  const roles = new Map(ROLES.map((role) => [names[role], role as string]));
  const roleOf = (value: unknown) => (typeof value === 'string' ? (roles.get(value) ?? value) : value);
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [roleOf(name), name === 'window' ? roleOf(value) : value]),
  );
}

/** The rows of a batch, and its columns, under the names of roles. */
export function batchByRoles(names: Names, batch: WindowBatch<never>): Fields {
  const rows = [...(batch as Iterable<object>)].map((row) => byRoles(names, row));
  return { rows, columns: Object.keys(byRoles(names, batch.columns)) };
}

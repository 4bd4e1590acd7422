/**
 * Converts a checked spec to a form that a message can carry, and back. Instances of classes are rebuilt; functions
 * cannot be sent.
 */

import { OrielError } from '../base/errors';
import { Aggregate, type AnyAggregate } from '../spec/aggregates';
import { type Calendar, calendar } from '../spec/calendar';
import type { CheckedSpec } from '../spec/check';
import { Expression } from '../spec/expression';
import type { Window } from '../spec/windows';

interface PackedExpression {
  readonly op: Expression['op'];
  readonly operands: readonly (PackedExpression | string | number)[];
}

interface PackedAggregate {
  readonly kind: string;
  readonly columns: readonly (string | PackedExpression)[];
  readonly parameters: readonly number[];
  /** If the result is a list, its maximum length in numbers. */
  readonly most: number | undefined;
  readonly fields: Readonly<Record<string, PackedAggregate>> | undefined;
  readonly texts: AnyAggregate['texts'];
  readonly condition: PackedExpression | undefined;
}

/** A checked spec without its functions. */
export interface PackedSpec extends Omit<CheckedSpec, 'aggregates' | 'where' | 'onLate' | 'when' | 'clock'> {
  readonly packed: readonly (readonly [name: string, aggregate: PackedAggregate])[];
  readonly condition: PackedExpression | undefined;
  readonly wantsLate: boolean;
}

/** @throws {OrielError} ERR_ORIEL_SPEC if a function of the spec would have to be called on another thread */
export function packSpec(spec: CheckedSpec): PackedSpec {
  const { aggregates, where, onLate, when, clock, ...rest } = spec;
  const functions = {
    'emit.when': when,
    clock: clock === Date.now ? undefined : clock,
    punctuated: spec.windows.find(({ ends }) => ends)?.ends,
  };
  for (const [name, one] of Object.entries(functions)) {
    if (!one) continue;
    const accepted = 'a spec without it, or windowed(spec) on this one';
    throw new OrielError('ERR_ORIEL_SPEC', `${name}: functions do not go to another thread; expected ${accepted}`);
  }
  return {
    ...rest,
    packed: aggregates.map(([name, one]) => [name, packAggregate(one)]),
    condition: where && pack(where),
    wantsLate: onLate !== undefined,
  };
}

export function unpackSpec({ packed, condition, wantsLate, windows, ...rest }: PackedSpec): CheckedSpec {
  return {
    ...rest,
    windows: windows.map(unpackWindow),
    aggregates: packed.map(([name, one]) => [name, unpackAggregate(one)]),
    where: condition && unpack(condition),
    onLate: wantsLate ? () => undefined : undefined,
    when: undefined,
    clock: Date.now,
  };
}

/** Rebuilds the calendars of a window: a message carries their fields, and not what they do. */
function unpackWindow(window: Window): Window {
  if (!window.calendar) return window;
  const { size, every, grows } = window.calendar;
  return { ...window, calendar: { size: unpackCalendar(size), every: unpackCalendar(every), grows } };
}

function unpackCalendar({ n, unit, zone, weekStart }: Calendar): Calendar {
  return calendar(n, unit, zone, { weekStart }) as Calendar;
}

function packAggregate({ kind, columns, parameters, list, fields, texts, condition }: AnyAggregate): PackedAggregate {
  return {
    kind,
    columns: columns.map((column) => (typeof column === 'string' ? column : pack(column))),
    parameters,
    most: list?.maxLength,
    fields: fields && mapValues(fields, packAggregate),
    texts,
    condition: condition && pack(condition),
  };
}

/** Rebuilds an aggregate. Its lists are read on the thread that sent it, so `read` is never called here. */
function unpackAggregate({ kind, columns, parameters, most, fields, texts, condition }: PackedAggregate): AnyAggregate {
  return new Aggregate(
    kind,
    columns.map((column) => (typeof column === 'string' ? column : unpack(column))),
    parameters,
    most === undefined ? undefined : { maxLength: most, read: () => undefined as never },
    fields && mapValues(fields, unpackAggregate),
    texts,
    condition && unpack(condition),
  );
}

function pack({ op, operands }: Expression): PackedExpression {
  return { op, operands: operands.map((operand) => (operand instanceof Expression ? pack(operand) : operand)) };
}

function unpack({ op, operands }: PackedExpression): Expression<never, never, never> {
  return new Expression(
    op,
    operands.map((operand) => (typeof operand === 'object' ? unpack(operand) : operand)),
  );
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Turns options into the spec of a stream and the fields to read. */

import { OrielError, type Spec, windowed } from 'oriel';
import type { Stream } from './feed';
import { Uses } from './language/expressions';
import { TOO_DEEP } from './language/syntax';
import { readAggregates, readCondition, readWindow } from './language/vocabulary';
import type { Options } from './options';
import { type Field, fieldsOf } from './read/fields';
import { UsageError } from './usage-error';

export interface Plan {
  readonly spec: Spec;
  readonly fields: readonly Field[];
}

/** @throws {UsageError} */
export function planOf(options: Options): Plan {
  const uses = new Uses();
  const { keys, time, fill, memory, where } = options;
  const given = {
    time,
    key: keys.length ? keys : undefined,
    window: readWindow(options.window, uses),
    aggregates: readAggregates(options.agg, uses),
    where: where === undefined ? undefined : readCondition(where, uses),
    outOfOrder: options.outOfOrder,
    allowedLateness: options.allowedLateness,
    maxFutureSkew: options.maxFutureSkew,
    idle: options.idle,
    emit: options.emit,
    accumulate: options.discard ? false : undefined,
    empty: fill && 'fill',
    fill,
    memory: memory === undefined ? undefined : { maximum: /^\d+$/.test(memory) ? Number(memory) : memory },
  };
  return { spec: given as Spec, fields: fieldsOf(time, keys, uses) };
}

/** The command's options by the fields of the spec they set, for messages. */
const OPTIONS: Record<string, string> = {
  key: 'key',
  outOfOrder: 'out-of-order',
  allowedLateness: 'allowed-lateness',
  maxFutureSkew: 'max-future-skew',
  idle: 'idle',
  'emit.every': 'emit',
  emit: 'emit',
  empty: 'fill',
  'memory.maximum': 'memory',
  memory: 'memory',
};

/** Creates the stream of a plan. @throws {UsageError} naming the option at fault */
export function streamOf({ spec }: Plan, onLate: Spec['onLate']): Stream {
  try {
    return windowed(onLate ? { ...spec, onLate } : spec);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--where, --agg: ${TOO_DEEP}`);
    if (!(error instanceof OrielError)) throw error;
    const [, field = '', rest = ''] = /^([\w.]+): (.*)$/s.exec(error.message) ?? [];
    if (Object.hasOwn(OPTIONS, field)) throw new UsageError(`--${OPTIONS[field]}: ${rest}`);
    if (field.startsWith('aggregates')) throw new UsageError(`--agg: ${error.message.slice('aggregates.'.length)}`);
    throw new UsageError(error.message);
  }
}

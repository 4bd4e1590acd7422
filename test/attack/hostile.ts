/**
 * Hostile values at every argument of the public functions. A call works, or is refused by an OrielError, or fails with
 * the caller's own error, unchanged; a call that fails has changed nothing. A twin that never gets such calls, and a
 * bystander beside them, tell.
 */

import { expect } from 'vitest';
import * as oriel from '../../bindings';
import { columnsOf, pushArrow, toArrow } from '../../bindings/arrow';
import { random } from '../support/helpers';
import type { Tally } from './campaign';
import { type Chance, chanceOf, Hostile, hostileValue, named } from './hostile-values';

type Loose = (...given: unknown[]) => unknown;
const api = oriel as unknown as Record<string, Loose>;

/** A call and what it was given, for the message of a failure. */
interface Call {
  readonly what: string;
  readonly given: readonly unknown[];
  run(): unknown;
}

const call = (what: string, given: readonly unknown[], run: () => unknown): Call => ({ what, given, run });

/** Functions that make parts of a spec, each with arguments that it accepts. */
const WINDOWS: Record<string, unknown[]> = {
  tumbling: [10, { offset: 1 }],
  hopping: [10, 5, { offset: 1 }],
  cumulative: [10, 5, { offset: 1 }],
  session: [5, { max: 20, touching: 'split' }],
  rolling: [10, { closed: 'both' }],
  punctuated: [() => true],
  everything: [],
};
const LENGTHS: Record<string, unknown[]> = { rows: [3], calendar: [1, 'day', 'UTC', { weekStart: 1 }] };
const LEAVES: Record<string, unknown[]> = { col: ['v'], lit: [1], text: ['x'] };
const AGGREGATES: Record<string, unknown[]> = {
  ...Object.fromEntries(
    ['sum', 'mean', 'min', 'max', 'range', 'first', 'last', 'variance', 'stddev', 'skewness', 'kurtosis', 'product']
      .concat(['count', 'any', 'all', 'bitAnd', 'bitOr', 'delta', 'ohlc', 'median', 'timeWeightedMean'])
      .map((name) => [name, ['v']]),
  ),
  ...Object.fromEntries(
    ['covariance', 'correlation', 'regression', 'weightedMean', 'argmin', 'argmax'].map((name) => [name, ['v', 'w']]),
  ),
  rate: ['v', { per: 10 }],
  increase: ['v', { within: 10 }],
  ewma: ['v', 10],
  quantile: ['v', 0.5, { accuracy: 0.01 }],
  distinct: ['v', { precision: 12 }],
  topK: ['v', 2],
  histogram: ['v', [0, 1]],
  collect: ['v', { limit: 2 }],
  fold: [{ column: 'v', identity: () => 0, lift: (v: number) => v, combine: () => 0, lower: (s: number) => s }],
};
const MAKERS = { ...WINDOWS, ...LENGTHS, ...LEAVES, ...AGGREGATES };
const METHODS = ['add', 'mod', 'min', 'eq', 'ne', 'lt', 'gte', 'and', 'in', 'neg', 'not', 'isMissing'];

/** The arguments with some of them, or of their fields, replaced by hostile values. */
function spoilt(chance: Chance, given: readonly unknown[]): unknown[] {
  const copy = [...given];
  do {
    const at = chance.below(given.length + 1);
    const field = given[at];
    const isRecord = typeof field === 'object' && field !== null && !Array.isArray(field);
    copy[at] = isRecord && chance.below(2) ? replaced(chance, field) : hostileValue(chance);
  } while (chance.below(6) === 0);
  return copy;
}

/** The record with a field replaced by a hostile value. */
function replaced(chance: Chance, record: object, name = chance.pick(Object.keys(record))): object {
  return { ...record, [name]: hostileValue(chance) };
}

/** A call that makes a window, an aggregate, an expression or a length. */
function making(chance: Chance): Call {
  const name = chance.pick(Object.keys(MAKERS));
  const given = spoilt(chance, MAKERS[name] as unknown[]);
  return call(name, given, () => {
    const made = (api[name] as Loose)(...given);
    // What was made has to work, or be refused, as part of a spec.
    if (name in WINDOWS) tryOut({ ...specOf(), window: made });
    else if (name in LENGTHS) tryOut({ ...specOf(), window: (api.tumbling as Loose)(made) });
    else tryOut({ ...specOf(), aggregates: { a: name in AGGREGATES ? made : (api.count as Loose)(made) } });
  });
}

/** A call of an expression's method, or of an aggregate's. */
function composing(chance: Chance): Call {
  const name = chance.pick([...METHODS, 'where']);
  const given = [hostileValue(chance)];
  return call(`expression.${name}`, given, () => {
    if (name === 'where') return tryOut({ ...specOf(), aggregates: { a: oriel.sum('v').where(given[0] as never) } });
    const made = (oriel.col('v') as unknown as Record<string, Loose>)[name]?.(...given);
    return tryOut({ ...specOf(), where: made });
  });
}

/** A call that makes a stream with a window or an aggregate that is a copy with a hostile field. */
function forging(chance: Chance): Call {
  const name = chance.pick(Object.keys({ ...WINDOWS, ...LENGTHS, ...AGGREGATES }));
  const made = (api[name] as Loose)(...(MAKERS[name] as unknown[])) as object;
  const field = chance.pick(Object.keys(made));
  const hasClass = chance.below(2) > 0;
  const forged = replaced(chance, made, field);
  if (hasClass) Object.setPrototypeOf(forged, Object.getPrototypeOf(made));
  return call(`a copy of ${name}, ${field}`, [forged], () => {
    if (name in WINDOWS) tryOut({ ...specOf(), window: forged });
    else if (name in LENGTHS) tryOut({ ...specOf(), window: (api.tumbling as Loose)(forged) });
    else tryOut({ ...specOf(), aggregates: { a: forged } });
  });
}

/** A call that makes a stream of a spec with a hostile field. */
function specifying(chance: Chance): Call {
  const spec = { ...specOf(), emit: { every: 5 }, accumulate: true, allowedLateness: 1, maxFutureSkew: 1e6 };
  const all = { ...spec, empty: 'skip', fill: 'zero', where: oriel.col('v').gt(0), idle: 1, clock: () => 1 };
  const full = { ...all, onLate: () => undefined, memory: { maximum: '1mb' } };
  const name = chance.pick(Object.keys(full)) as keyof typeof full;
  const field = full[name];
  const isRecord = typeof field === 'object' && field !== null && chance.below(2) > 0;
  const spoilt = { ...specOf(), [name]: isRecord ? replaced(chance, field) : hostileValue(chance) };
  const given = chance.below(20) ? spoilt : hostileValue(chance);
  return call(`windowed, ${name}`, [given], () => tryOut(given as object));
}

/** Makes a stream of a spec and uses it. */
function tryOut(spec: object): void {
  using stream = (api.windowed as Loose)(spec) as oriel.WindowedStream;
  stream.pushRows(good(0, 3) as never);
  stream.push(good(3, 1)[0] as never);
  stream.take().toArray();
  stream.stats();
  stream.close().toArray();
}

/** The spec of the streams that are called. */
function specOf() {
  const aggregates = { n: oriel.count(), s: oriel.sum('v'), l: oriel.last(oriel.text('x')), w: oriel.max('w') };
  return { time: 't', key: 'k', window: oriel.tumbling(10) as unknown, aggregates, outOfOrder: 5 };
}

/** Events that the streams accept. */
function good(from: number, n: number): Record<string, unknown>[] {
  return Array.from({ length: n }, (_, i) => {
    const t = from + i;
    return { t, k: `k${t % 3}`, v: t % 7, x: `x${t % 5}`, w: t };
  });
}

/** A call of a stream. It may not change the stream unless it returns. */
function using(chance: Chance, stream: Record<string | symbol, Loose>, t: number): Call {
  const event = good(t, 1)[0] as object;
  const columns = { t: [t, t + 1], k: ['k0', 'k1'], v: [1, 2], x: ['x', null], w: Float64Array.of(1, 2) };
  const arguments_: Record<string, () => unknown[]> = {
    push: () => [chance.below(4) ? replaced(chance, event) : hostileValue(chance)],
    pushRows: () => [chance.below(4) ? [event, replaced(chance, event)] : hostileValue(chance)],
    pushColumns: () => [chance.below(4) ? replaced(chance, columns) : hostileValue(chance)],
    claim: () => [hostileValue(chance)],
    commit: () => [hostileValue(chance)],
    keyId: () => [hostileValue(chance), chance.pick(['k', 'v', 'x', undefined, hostileValue(chance)])],
    query: () => [chance.pick(['k0', hostileValue(chance)]), chance.pick([undefined, hostileValue(chance)])],
    advance: () => [hostileValue(chance)],
    pushArrow: () => [hostileValue(chance), hostileValue(chance)],
  };
  const name = chance.pick(Object.keys(arguments_));
  const given = (arguments_[name] as () => unknown[])();
  if (name === 'pushArrow')
    return call(name, given, () => pushArrow(stream as never, given[0] as never, given[1] as never));
  return call(name, given, () => {
    // Single events wait in the stream: it takes them before the call returns.
    (stream[name] as Loose)(...given);
    if (name === 'push') stream.flush?.();
  });
}

/** A call of what needs no stream. */
function standing(chance: Chance): Call {
  const schema = { at: 'f64', id: 'u32' };
  const calls: Record<string, () => Call> = {
    ring: () => {
      const given = spoilt(chance, [schema, 64]);
      return call('ring', given, () => (api.ring as Loose)(...given));
    },
    producer: () => {
      const given = [hostileValue(chance)];
      return call('producer', given, () => oriel.producer(given[0] as never));
    },
    toArrow: () => {
      const given = [hostileValue(chance), hostileValue(chance)];
      return call('toArrow', given, () => toArrow(given[0] as never, given[1] as never));
    },
    columnsOf: () => {
      const given = [hostileValue(chance), hostileValue(chance)];
      return call('columnsOf', given, () => columnsOf(given[0] as never, given[1] as never));
    },
    ringMethod: () => ringCall(chance),
  };
  return (calls[chance.pick(Object.keys(calls))] as () => Call)();
}

/** A call of a method of a ring, which need not wait: the ring has room and events. */
function ringCall(chance: Chance): Call {
  const ring = oriel.ring({ at: 'f64', id: 'u32' }, 8) as unknown as Record<string, Loose>;
  ring.push?.({ at: [1, 2], id: [1, 2] });
  const name = chance.pick(['push', 'claim', 'publish', 'peek', 'release', 'take', 'ready', 'filled']);
  const blocking = chance.pick(['', '', 'waitReady', 'waitFilled']);
  const given = blocking
    ? chance.pick([
        [1, hostileValue(chance)],
        [hostileValue(chance), 0],
      ])
    : spoilt(chance, [1]);
  const columns = { at: [3], id: [3] };
  if (name === 'push' && !blocking) given[0] = chance.below(3) ? replaced(chance, columns) : given[0];
  return call(`ring.${blocking || name}`, given, () => (ring[blocking || name] as Loose)(...given));
}

/** A source, or options, of an asynchronous call on a stream that nothing else uses. */
function streaming(chance: Chance): Call {
  const source = [good(0, 2), good(2, 1)[0]];
  const name = chance.pick(['over', 'transform', 'windowedWorker']);
  if (name === 'windowedWorker') {
    const options = { parallelism: 2, transport: 'transferred', worker: () => ({ postMessage() {}, terminate() {} }) };
    const given = [specOf(), chance.below(3) ? replaced(chance, options) : hostileValue(chance)];
    return call(name, given, async () => {
      const stream = (await (api.windowedWorker as Loose)(...given)) as oriel.WindowedWorker;
      await stream[Symbol.asyncDispose]();
    });
  }
  const given = name === 'over' ? spoilt(chance, [source, { signal: undefined }]) : [hostileValue(chance)];
  return call(name, given, async () => {
    using stream = oriel.windowed(specOf() as oriel.Spec);
    if (name === 'over') {
      for await (const batch of stream.over(given[0] as never, given[1] as never)) batch.toArray();
      return;
    }
    const { writable, readable } = stream.transform();
    const writer = writable.getWriter();
    readable
      .getReader()
      .read()
      .catch(() => undefined);
    writer.closed.catch(() => undefined);
    await writer.write(given[0] as never);
  });
}

/** What came of a call that failed. @throws if its error is neither oriel's nor the caller's own */
function outcome(error: unknown, { what, given }: Call): 'refused' {
  // The engine throws for a revoked Proxy, and for an array of a detached buffer, whenever something reads it; and for
  // a class, which no test tells from other functions, when it is called.
  const isOwn =
    error instanceof Hostile || /revoked|detached|Class constructor/.test(String((error as Error)?.message));
  if (isOwn || error instanceof oriel.OrielError) return 'refused';
  throw new Error(`${what}(${given.map(named).join(', ')}) fails with an error that is not oriel's`, { cause: error });
}

function made(one: Call): 'done' | 'refused' {
  try {
    one.run();
    return 'done';
  } catch (error) {
    return outcome(error, one);
  }
}

/** Like `made`, for calls that may return a promise. One that waits for ever is left alone. */
async function madeLater(one: Call): Promise<'done' | 'refused'> {
  const patience = new Promise<void>((resolve) => setTimeout(resolve, 50));
  try {
    await Promise.race([one.run(), patience]);
    return 'done';
  } catch (error) {
    return outcome(error, one);
  }
}

/** Runs the calls of a seed: some of each kind, and many of a stream that has a twin. */
export async function hostile(seed: number, tally: Tally): Promise<void> {
  const chance = chanceOf(random(seed));
  const kinds = [making, making, composing, forging, specifying, specifying, standing, streaming];
  using bystander = oriel.windowed(specOf() as oriel.Spec) as unknown as oriel.WindowedStream;
  using stream = oriel.windowed(specOf() as oriel.Spec) as unknown as oriel.WindowedStream;
  using twin = oriel.windowed(specOf() as oriel.Spec) as unknown as oriel.WindowedStream;
  const rows: unknown[] = [];
  let calls = 0;
  let t = 0;
  let isSpoilt = false;
  for (; t < 60 && !isSpoilt; t += 3) {
    for (const one of [bystander, stream, twin]) one.pushRows(good(t, 3) as never);
    rows.push(...stream.take());
    calls += 2;
    tally.add(await madeLater(chance.pick(kinds)(chance)));
    const one = using(chance, stream as never, t + 2);
    // A call that returns may have changed the stream, which then has no twin any more.
    isSpoilt = made(one) === 'done' && !['query', 'keyId', 'claim', 'commit'].includes(one.what);
    tally.add(isSpoilt ? 'done' : 'refused');
  }
  rows.push(...stream.close());
  const wanted = twin.close().toArray();
  if (!isSpoilt) expect(rows).toEqual(wanted);
  expect(bystander.close().toArray()).toEqual(wanted);
  tally.add('calls', calls);
}

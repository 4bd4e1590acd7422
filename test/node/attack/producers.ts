/**
 * Random streams in a worker, all of whose events come from one producer: the stream's own, or one of a handle. Batches
 * come by every door, through a ring or a pipe, with refused ones, claims that are given up and questions between them.
 * Results, late events and counters have to be the oracle's, as on one thread.
 */

import fc from 'fast-check';
import { expect } from 'vitest';
import { increase, type Producer, producer } from '../../../bindings';
import type { Tally } from '../../attack/campaign';
import { throughPipe, throughRing } from '../../attack/detours';
import { Oracle } from '../../oracle';
import { columnsOf, DOORS, type Fed, put } from '../../support/doors';
import { refused } from '../../support/helpers';
import {
  batchesOf,
  eventsOf,
  FAMILIES,
  KEYS,
  type Row,
  rulesOf,
  type Scenario,
  type Stream,
  scenarioOf,
  settled,
  specOf,
  wantedOf,
} from '../../support/scenarios';
import { later } from '../../support/waiting';
import { worker } from '../worker/built-worker';
import { isFree, windowedWorker } from '../worker/worker-laws';

const attacks = fc.record({
  transport: fc.constantFrom('shared' as const, 'transferred' as const),
  /** Whether the producer is one of a handle, and not the stream's own. */
  isRemote: fc.boolean(),
  ways: fc.array(fc.constantFrom(undefined, undefined, 'ring' as const, 'pipe' as const), {
    minLength: 1,
    maxLength: 7,
  }),
  between: fc.array(
    fc.oneof(
      fc.constantFrom(undefined, 'query' as const, 'stats' as const, 'claim' as const, 'take' as const),
      fc.record({ door: fc.constantFrom(...DOORS), flaw: fc.constantFrom('t' as const, 'v' as const) }),
    ),
    { minLength: 1, maxLength: 8 },
  ),
});
type Attacks = typeof attacks extends fc.Arbitrary<infer A> ? A : never;

/** Runs the stream of a seed. @throws with the smallest stream that fails in its way */
export async function producers(seed: number, tally: Tally): Promise<void> {
  const property = fc.asyncProperty(scenarioOf(FAMILIES.all, 150).filter(isFree), attacks, async (s, given) => {
    const late: Row[] = [];
    const spec = specOf(s, (batch) => late.push(...batch));
    const { transport } = given;
    // Samples an hour apart are of one counter, as the oracle has it.
    const aggregates = { ...spec.aggregates, increase: increase('v', { within: '9999w' }) };
    await using stream = await windowedWorker({ ...spec, aggregates }, { worker, transport });
    const own = stream as unknown as Stream;
    const rows = await give(own, s, given, tally);
    const oracle = fed(s, given);
    const { events, late: lateCount, skipped, future, filtered } = await own.stats();
    rows.push(...(await own.close()));
    oracle.close();
    const wanted = wantedOf(oracle, s);
    expect(rows).toEqual(settled(wanted.rows, rows));
    expect(late.map(({ gap, ...event }) => event)).toEqual(wanted.late);
    expect({ events, lateCount, skipped, future, filtered }).toEqual({
      events: s.steps.length,
      lateCount: wanted.late.length,
      skipped: oracle.skipped,
      future: oracle.future,
      filtered: oracle.filtered,
    });
    tally.add('streams');
    tally.add('rows', rows.length);
  });
  await fc.assert(property, { seed, numRuns: 1, unbiased: seed % 2 === 0, interruptAfterTimeLimit: 30_000 });
}

/**
 * Whether a call of the stream comes after the events that were given before it. Events of a handle whose memory is not
 * shared come by a port of their own, which a call may overtake.
 */
const isOrdered = ({ isRemote, transport }: Attacks) => !isRemote || transport === 'shared';

/** Gives the events of a scenario to a stream in a worker, and returns the rows that it gives. */
async function give(stream: Stream, s: Scenario, given: Attacks, tally: Tally): Promise<Row[]> {
  const handle = given.isRemote ? await (stream as never as { producer(): Promise<never> }).producer() : undefined;
  const out = handle && producer(handle);
  const into = (out ?? stream) as unknown as Fed;
  const rows: Row[] = [];
  for (const { advance, events, door, key, cut } of batchesOf(s, s.cuts)) {
    const now = given.between[cut % given.between.length];
    const [part, ...parts] = Object.values(KEYS[s.keys]?.of(key) ?? {});
    if (now === 'query') await stream.query(parts.length ? [part, ...parts] : part);
    else if (now === 'stats') await stream.stats();
    else if (now === 'claim' && s.keys !== 'bigints' && s.keys !== 'tuples') into.claim(1 + (cut % 5));
    else if (now === 'take') rows.push(...(await stream.take()));
    else if (now && typeof now === 'object') {
      const bad = { ...events.at(-1), [now.flaw]: now.flaw === 't' ? Number.NaN : 'text' };
      const by = now.flaw === 'v' && now.door === 'claim' ? 'rows' : now.door;
      refused(now.flaw === 't' ? 'ERR_ORIEL_TIME' : 'ERR_ORIEL_COLUMN', () =>
        put(into, by === 'push' ? [bad] : [...events, bad], by),
      );
      tally.add('refusals');
    }
    if (advance !== null && isOrdered(given)) await stream.advance(advance);
    const way = given.ways[cut % given.ways.length];
    if (way === 'ring') for (const piece of throughRing(events, 1 + (cut % 9))) into.pushColumns(piece as never);
    else if (way === 'pipe' && !out) {
      const items = cut % 4 < 2 ? events : [columnsOf(events)];
      await throughPipe(stream, items, cut % 2 ? 'cancel' : 'abort', (batch) => rows.push(...batch));
    } else put(into, events, door);
    tally.add('events', events.length);
  }
  (out as Producer | undefined)?.close();
  while (((await stream.stats()) as never as { producers: number }).producers > 1) await later(1);
  return rows;
}

/** The oracle, with the same events and moves of time. */
function fed(s: Scenario, given: Attacks): Oracle {
  const oracle = new Oracle(rulesOf(s));
  // A stream has time moved before a batch, and a batch ends before each move.
  for (const { advance, ...event } of eventsOf(s)) {
    if (advance !== null && isOrdered(given)) oracle.advance(advance);
    oracle.push(event);
  }
  return oracle;
}

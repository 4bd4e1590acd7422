/**
 * Catches what no other suite thought of: random streams, of every kind of window, firing, disorder and key, have to
 * give the oracle's results, late events and counters, however their events are cut into batches.
 */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Oracle } from '../oracle';
import { checkLaws, withoutLaws } from '../support/check-laws';
import { runs } from '../support/helpers';
import {
  eventsOf,
  FAMILIES,
  play,
  rulesOf,
  type Scenario,
  scenarioOf,
  settled,
  strewnOf,
  wantedOf,
} from '../support/scenarios';

checkLaws();

function expected(s: Scenario) {
  const oracle = new Oracle(rulesOf(s));
  for (const { advance, ...event } of eventsOf(s)) {
    if (advance !== null) oracle.advance(advance);
    oracle.push(event);
  }
  oracle.close();
  return { oracle, ...wantedOf(oracle, s) };
}

/** Plays a scenario, expects what the oracle says, and returns how many rows were compared. */
function expectOracles(s: Scenario): number {
  const actual = play(s, s.cuts);
  const wanted = expected(s);
  expect(actual.rows).toEqual(settled(wanted.rows, actual.rows));
  expect(actual.late).toEqual(wanted.late);
  expect(actual.stats).toMatchObject({
    events: s.steps.length,
    late: wanted.late.length,
    skipped: wanted.oracle.skipped,
    future: wanted.oracle.future,
    filtered: wanted.oracle.filtered,
    liveKeys: 0,
    liveSlices: 0,
  });
  return wanted.rows.length;
}

/** How many rows a campaign compared, so that empty results cannot pass it. */
let compared = 0;
beforeEach(() => {
  compared = 0;
});
afterEach(() => expect(compared).toBeGreaterThan(0));

describe.each(Object.entries(FAMILIES))('windows: %s', (_, window) => {
  test("results are the oracle's, whatever the firing, the disorder, the keys and the doors", () => {
    fc.assert(
      fc.property(scenarioOf(window), (s) => {
        compared += expectOracles(s);
      }),
      { numRuns: runs(300) },
    );
  });

  test('results are the same to the last bit, however the events are cut into batches', () => {
    withoutLaws(() =>
      fc.assert(
        fc.property(scenarioOf(window), fc.infiniteStream(fc.double({ noDefaultInfinity: true })), (s, doubles) => {
          const values = doubles[Symbol.iterator]();
          const steps = s.steps.map((step) => ({ ...step, v: values.next().value as number }));
          const whole = play({ ...s, steps }, [[1000, 'columns']]);
          const cut = play({ ...s, steps }, s.cuts);
          compared += whole.rows.length;
          expect(cut.rows).toEqual(whole.rows);
          expect(cut.late).toEqual(whole.late);
        }),
        { numRuns: runs(100) },
      ),
    );
  });
});

test.each(['grid', 'sessions'] as const)("results are the oracle's where a key has many open windows: %s", (family) => {
  let most = 0;
  fc.assert(
    fc.property(strewnOf(FAMILIES[family]), (s) => {
      const rows = expectOracles(s);
      most = Math.max(most, rows);
      compared += rows;
    }),
    { numRuns: runs(100) },
  );
  expect(most).toBeGreaterThan(100);
});

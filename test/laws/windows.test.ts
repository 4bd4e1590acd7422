/**
 * Catches a kind of window that the random suites never meet: each kind that assembly/window/window-registry.ts exports
 * has to be drawn by test/support/scenarios.ts, and thereby to be defined by the oracle.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { count, tumbling, windowed } from '../../bindings';
import { Oracle, type OracleWindow } from '../oracle';
import { FAMILIES, windowed as loosely, made as toSpec } from '../support/scenarios';
import { windowKinds, windowKindsUsed } from '../support/window-kinds';

// The first stream compiles the core.
windowed({ time: 't', window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();

/** Windows as the random suites draw them. */
function drawn(family: fc.Arbitrary<OracleWindow>): OracleWindow[] {
  return fc.sample(family, { numRuns: 300, seed: 1 });
}

/** Makes a stream of the window, with a key and without, and one that fires early where such windows may. */
function build(window: OracleWindow): void {
  const made = toSpec(window) as { kind: string };
  const early = made.kind === 'tumbling' ? [{ emit: { every: 5 } }] : [];
  for (const also of [{}, { key: 'k' }, ...early]) {
    loosely({ time: 't', window: made, aggregates: { n: count() }, ...also })[Symbol.dispose]();
  }
}

test('random scenarios draw every kind of window that the core has', () => {
  const used = windowKindsUsed(() => {
    for (const window of drawn(FAMILIES.all)) build(window);
  });
  expect(used).toEqual(windowKinds());
  expect(used.length).toBeGreaterThan(10);
});

test('the oracle fires every kind of window that random scenarios draw', () => {
  const windows = drawn(FAMILIES.all);
  expect(windows).toHaveLength(300);
  for (const window of windows) {
    const rules = { outOfOrder: 0, allowedLateness: 0, maxFutureSkew: Infinity, emit: 'final' as const };
    const oracle = new Oracle({ ...rules, windows: { window } });
    // Hops with gaps between them may miss some of these times.
    for (let t = 0; t < 30; t++) oracle.push({ t, key: 'a', v: 1, gap: 1 });
    oracle.close();
    expect([window, oracle.rows.length]).not.toEqual([window, 0]);
  }
});

/**
 * The laws of ring-model.test.ts over more events and larger rings, where a search visits hundreds of thousands of
 * states.
 */

import { expect, test } from 'vitest';
import { AWAITING, BLOCKING, checkRing, type RingModel, type Ways } from './ring-model';

const inBothWays = (models: RingModel[]): [RingModel, Ways][] =>
  models.flatMap((model): [RingModel, Ways][] => [
    [model, BLOCKING],
    [model, AWAITING],
  ]);

test.each(
  inBothWays([
    { capacity: 1, events: 9, waits: [1, 1] },
    { capacity: 2, events: 9, waits: [1, 2] },
    { capacity: 2, events: 9, waits: [2, 1] },
    { capacity: 4, events: 5, waits: [2, 3] },
    { capacity: 4, events: 5, waits: [4, 1] },
    { capacity: 4, events: 5, waits: [1, 4] },
  ]),
)(
  'every interleaving keeps the laws: %o, %o',
  (model, ways) => {
    expect(checkRing(model, ways)).toBeGreaterThan(10_000);
  },
  300_000,
);

test.each(
  inBothWays([
    { capacity: 2, events: 6, waits: [2, 1], cancelAt: 3 },
    { capacity: 4, events: 6, waits: [4, 1], cancelAt: 1 },
  ]),
)(
  'both threads end when the consumer cancels: %o, %o',
  (model, ways) => {
    expect(checkRing(model, ways)).toBeGreaterThan(5000);
  },
  300_000,
);

/** Catches a time or a gap at the very edge of what is accepted that is refused, or one beyond it that is taken. */

import { describe, expect, test } from 'vitest';
import { count, session, tumbling, windowed } from '../../bindings';
import { refused } from '../support/helpers';

const LIMIT = 2 ** 53;
const BEYOND = LIMIT + 2;

describe('times from -2^53 to 2^53', () => {
  // The function has the bindings check times before the core does.
  const open = () =>
    windowed({ time: 't', window: tumbling(1024), aggregates: { n: count() }, emit: { when: () => false } });

  test('are taken in columns', () => {
    using stream = open();
    stream.pushColumns({ t: [-LIMIT, 0, LIMIT] });
    for (const t of [BEYOND, -BEYOND]) refused('ERR_ORIEL_TIME', () => stream.pushColumns({ t: [0, t] }), 'index 1');
    expect(stream.stats()).toMatchObject({ events: 3, late: 0 });
  });

  test('may be what time is moved to', () => {
    using stream = open();
    stream.advance(-LIMIT);
    stream.advance(LIMIT);
    for (const t of [BEYOND, -BEYOND]) refused('ERR_ORIEL_TIME', () => stream.advance(t));
    expect(stream.stats().watermark).toBe(LIMIT);
  });
});

test('a gap is greater than 0, and the message names its place', () => {
  using stream = windowed({ time: 't', window: session('gap'), aggregates: { n: count() } });
  for (const gap of [0, -1, Infinity, Number.NaN]) {
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [1, 2, 3], gap: [1, gap, 1] }), 'index 1', '"gap"');
    refused('ERR_ORIEL_COLUMN', () => stream.push({ t: 1, gap }), '"gap"');
  }
  stream.pushColumns({ t: [1, 2], gap: [5e-324, Number.MAX_VALUE] });
  expect(stream.stats().events).toBe(2);
});

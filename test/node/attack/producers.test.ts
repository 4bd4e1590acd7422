/** Catches events that the producer of a stream in a worker loses, doubles, or gives in another order. */

import { test } from 'vitest';
import { runRounds } from '../../attack/campaign';
import { producers } from './producers';

test('producers', () => runRounds('producers', producers, 40));

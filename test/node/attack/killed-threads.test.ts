/** Catches events that are lost or torn, and calls that wait for ever, when threads are ended while they write. */

import { test } from 'vitest';
import { runRounds } from '../../attack/campaign';
import { killedThreads } from './killed-threads';

test('workers', () => runRounds('workers', killedThreads, 8));

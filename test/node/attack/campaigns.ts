/** The campaigns by name, those that only Node can run among them. */

import type { Round } from '../../attack/campaign';
import { chaos } from '../../attack/chaos';
import { hostile } from '../../attack/hostile';
import { streams } from '../../attack/streams';
import { bytes } from './bytes';
import { killedThreads } from './killed-threads';
import { producers } from './producers';

export const CAMPAIGNS: Readonly<Record<string, Round>> = {
  streams,
  hostile,
  chaos,
  workers: killedThreads,
  producers,
  bytes,
};

/**
 * Catches what no other suite draws: some rounds of the campaigns against the public interface that `npm run attack`
 * runs for hours. A round that fails names its seed.
 */

import { test } from 'vitest';
import { checkLaws } from '../support/check-laws';
import { type Round, runRounds } from './campaign';
import { chaos } from './chaos';
import { hostile } from './hostile';
import { streams } from './streams';

checkLaws();

const CAMPAIGNS: [name: string, round: Round, rounds: number][] = [
  ['streams', streams, 200],
  ['hostile', hostile, 30],
  ['chaos', chaos, 10],
];

test.each(CAMPAIGNS)('%s', runRounds);

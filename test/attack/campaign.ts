/**
 * A campaign attacks oriel through its public interface, round by round. A round is drawn from one number, its seed,
 * and fails with an error if a law does not hold. Suites run a few rounds; `npm run attack` runs them for hours.
 */

import { expect } from 'vitest';
import { FIRST_SEED, runs } from '../support/helpers';

/** What the rounds of a campaign did so far, by name: streams, events, refusals. */
export class Tally {
  readonly figures: Record<string, number> = {};

  add(what: string, n = 1): void {
    this.figures[what] = (this.figures[what] ?? 0) + n;
  }
}

/** Runs the round of a seed. @throws if a law does not hold */
export type Round = (seed: number, tally: Tally) => void | Promise<void>;

/** Runs as many rounds of a campaign as a suite has time for. @throws with the command that repeats a failed round */
export async function runRounds(name: string, round: Round, rounds: number): Promise<void> {
  const tally = new Tally();
  const end = FIRST_SEED + runs(rounds);
  for (let seed = FIRST_SEED; seed < end; seed++) {
    try {
      await round(seed, tally);
    } catch (cause) {
      throw new Error(`npm run attack -- ${name} --seed ${seed}`, { cause });
    }
  }
  // A campaign that does nothing cannot fail.
  expect(Object.keys(tally.figures).length).toBeGreaterThan(0);
}

/**
 * Runs the rounds of one campaign in a process of its own: `tsx rounds.ts <build> <campaign> <seed> <end>`, from a seed
 * on, until `end` (in milliseconds since the epoch) or a round fails. It tells its parent each seed before the round,
 * and after a round what the campaign did so far.
 */

import { register } from 'node:module';
import { inspect } from 'node:util';
import type { Round, Tally } from '../../attack/campaign';

/** What a process of rounds says. */
export type Message = { seed: number } | { figures: Tally['figures'] } | { failure: string };

const [build, name, seed, end] = process.argv.slice(2) as [string, string, string, string];
register('./wasm-hooks.mjs', import.meta.url, { data: build });
// Suites run a share of their sizes; see vitest.config.ts.
Object.assign(globalThis, { __SHARE__: 1 });

const { checkLaws } = await import('../../support/check-laws');
const { Tally: Figures } = await import('../../attack/campaign');
const { CAMPAIGNS } = await import('./campaigns');
const say = (message: Message) => new Promise((sent) => process.send?.(message, sent));
const tally = new Figures();
const round = CAMPAIGNS[name] as Round;

if (build === 'debug') checkLaws();
for (let at = Number(seed); ; at++) {
  await say({ seed: at });
  try {
    await round(at, tally);
  } catch (error) {
    await say({ failure: explained(error) });
    break;
  }
  await say({ figures: tally.figures });
  if (Date.now() >= Number(end)) break;
}
// Calls of a campaign that wait for ever, as one for events that nobody sends, would keep the process running.
process.exit();

/** The error and its causes, with the first rows that differ where rows were compared. */
function explained(error: unknown): string {
  const { stack = String(error), cause, actual, expected } = error as Error & Record<'actual' | 'expected', unknown>;
  const compared = Array.isArray(actual) && Array.isArray(expected) ? `\n${difference(actual, expected)}` : '';
  return `${stack}${compared}${cause === undefined ? '' : `\ncaused by ${explained(cause)}`}`;
}

function difference(actual: unknown[], expected: unknown[]): string {
  const shown = (value: unknown) => inspect(value, { depth: 4, breakLength: Infinity });
  const at = expected.findIndex((row, i) => shown(row) !== shown(actual[i]));
  const i = at < 0 ? expected.length : at;
  const lines = [`+ ${shown(actual[i])}`, `- ${shown(expected[i])}`];
  return [`at index ${i} of ${actual.length}, expected ${expected.length}:`, ...lines].join('\n');
}

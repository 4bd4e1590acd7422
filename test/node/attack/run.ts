/**
 * Runs the campaigns against the public interface:
 *
 *     npm run attack                                        all campaigns, a minute each, from random seeds on
 *     npm run attack -- streams --minutes 60                one campaign, for as long
 *     npm run attack -- streams --seed 123                  the round of a seed
 *     npm run attack -- streams --build debug               on the core with assertions; or `shared`
 *
 * A campaign runs in a process of its own, which is ended if a round takes too long. A round that fails is printed with
 * the command that runs it again, and the campaign goes on after it. The last line has the figures of all campaigns.
 */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Message } from './rounds';

const NAMES = ['streams', 'hostile', 'chaos', 'workers', 'producers', 'bytes'];
const ROUNDS = fileURLToPath(new URL('./rounds.ts', import.meta.url));
/** A round that has not ended by then hangs. The slowest end within seconds, if they need not be made smaller. */
const PATIENCE_MS = 120_000;
/** A campaign ends after this many failures, most of which will be one fault. */
const MAX_FAILURES = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    build: { type: 'string', default: 'release' },
  },
});
const { seed, build } = values;
const chosen = positionals.length ? positionals : NAMES;
const unknown = chosen.find((name) => !NAMES.includes(name));
if (unknown) throw new Error(`there is no campaign ${unknown}; there are ${NAMES.join(', ')}`);
// A seed without a time is that of one round.
const minutes = Number(values.minutes ?? (seed === undefined ? chosen.length : 0));
const from = Number(seed ?? 1 + Math.floor(Math.random() * 1e9));

const lines: string[] = [];
for (const name of chosen) lines.push(await runCampaign(name, (minutes * 60_000) / chosen.length));
console.log(lines.join('; '));

/** Runs a campaign for a time, in a new process after each failure; returns its figures as text. */
async function runCampaign(name: string, ms: number): Promise<string> {
  const end = Date.now() + ms;
  const total: Record<string, number> = {};
  let next = from;
  let failures = 0;
  do {
    const { at, figures, failure } = await runProcess(name, next, end);
    for (const [what, n] of Object.entries(figures)) total[what] = (total[what] ?? 0) + n;
    next = at + 1;
    if (failure === undefined) continue;
    failures++;
    process.exitCode = 1;
    const again = `npm run attack -- ${name} --seed ${at}${build === 'release' ? '' : ` --build ${build}`}`;
    console.log(`${failure}\n\n${again}\n`);
  } while (Date.now() < end && failures < MAX_FAILURES);
  const figures = Object.entries({ rounds: next - from, ...total, failures });
  return `${name}: ${figures.map(([what, n]) => `${n.toLocaleString('en')} ${what}`).join(', ')}`;
}

/** Runs rounds in one process until the time is over, or one of them fails or hangs. */
function runProcess(name: string, first: number, end: number) {
  const child = fork(ROUNDS, [build, name, String(first), String(end)], { execArgv: ['--import', 'tsx'] });
  let at = first;
  let figures: Record<string, number> = {};
  let failure: string | undefined;
  const hang = () => {
    failure = `the round did not end within ${PATIENCE_MS / 1000} seconds`;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(hang, PATIENCE_MS);
  child.on('message', (message: Message) => {
    if ('figures' in message) figures = message.figures;
    else if ('failure' in message) failure = message.failure;
    else at = message.seed;
    clearTimeout(timer);
    timer = setTimeout(hang, PATIENCE_MS);
  });
  return new Promise<{ at: number; figures: Record<string, number>; failure: string | undefined }>((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) failure ??= `the process ended with ${signal ?? code}`;
      resolve({ at, figures, failure });
    });
  });
}

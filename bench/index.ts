/**
 * Runs the benchmarks: `npm run bench` all of them, `npm run bench -- keyed hopping` the cells whose names begin with
 * one of these. `--quick` runs fewer rounds. `--cpu` measures processor time instead of wall time, for a machine that
 * others use as well.
 *
 * A ratio is a contender's time divided by that of the first one, oriel: above 1 oriel is faster.
 */

import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cells } from './cases/index';
import type { Outcome } from './cell';
import type { Cell, Score } from './contest';
import { showFacts, showScores, summary } from './report';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const rounds = process.argv.includes('--quick') ? 3 : 5;
const clock = process.argv.includes('--cpu') ? 'cpu' : 'wall';
const chosen = cells.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)));
if (chosen.length === 0) throw new Error(`no cell's name begins with ${wanted.join(' or ')}; there are ${names()}`);

const [cpu] = cpus();
console.log(
  `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
const measured = clock === 'cpu' ? 'processor' : 'wall';
console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}; ${rounds} rounds, medians, ${measured} time\n`);

const results: { cell: Cell; scores: Score[] }[] = [];
for (const cell of chosen) {
  const outcome = measure(cell);
  if (!outcome) {
    // Its process has already printed the error. The other cells still run.
    console.log(`${cell.name}: failed\n`);
    process.exitCode = 1;
    continue;
  }
  const { scores, facts, calibration } = outcome;
  if (scores) {
    console.log(showScores(cell, scores));
    results.push({ cell, scores });
  }
  if (facts) console.log(showFacts(cell, facts));
  const [before, after] = calibration;
  const drift = Math.max(before, after) / Math.min(before, after);
  if (drift > 1.15)
    console.log(`  the machine changed its pace meanwhile: ${before.toFixed(1)} to ${after.toFixed(1)} ns`);
  console.log();
}
if (results.length) console.log(summary(results));

function measure(cell: Cell): Outcome | undefined {
  const script = fileURLToPath(new URL('cell.ts', import.meta.url));
  const options = ['--max-old-space-size=8192', '--import', 'tsx'];
  const { status, stdout } = spawnSync(process.execPath, [...options, script, cell.name, String(rounds), clock], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  return status === 0 ? (JSON.parse(stdout) as Outcome) : undefined;
}

function names(): string {
  return cells.map(({ name }) => name).join(', ');
}

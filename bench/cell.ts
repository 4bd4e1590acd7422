/**
 * Runs one cell in a process of its own: `tsx bench/cell.ts <name> <rounds> <clock>` writes its outcome as JSON.
 *
 * First every contender runs once, summing up all its results, and the sums must agree. Then come the rounds, in each
 * of which every contender runs once. The first rounds are not counted, because V8 needs tens of milliseconds to
 * compile everything with full optimisation. No garbage collection is forced between runs: it would make V8 discard
 * optimised code, which costs oriel and the tuned contenders most.
 */

import { Bench } from 'tinybench';
import { cells } from './cases/index';
import type { Cell, Contender, Fact, Score } from './contest';
import { compare, Sink } from './sink';

export interface Outcome {
  scores?: Score[];
  facts?: Fact[];
  /** Nanoseconds per step of a fixed loop, before and after: they differ if the machine changed its speed meanwhile. */
  calibration: [before: number, after: number];
}

/** Number of rounds that are not counted. */
const WARMUP_ROUNDS = 2;

const [name, rounds, clock] = process.argv.slice(2);
const now = clock === 'cpu' ? processorTime : undefined;
const cell = cells.find((one) => one.name === name);
if (!cell) throw new Error(`there is no cell ${name}`);
process.stdout.write(JSON.stringify(await run(cell, Number(rounds))));

async function run(cell: Cell, rounds: number): Promise<Outcome> {
  const before = calibrate();
  const scores = cell.contenders ? await contest(cell, cell.contenders(), rounds) : await cell.scores?.(rounds);
  const facts = await cell.facts?.();
  return { scores, facts, calibration: [before, calibrate()] };
}

async function contest(cell: Cell, contenders: Contender[], rounds: number): Promise<Score[]> {
  const counts = await checked(cell, contenders);
  const scores = contenders.map(({ name, side }): Score => ({ name, side, nanoseconds: [], pauses: [] }));
  for (let round = -WARMUP_ROUNDS; round < rounds; round++) {
    const bench = new Bench({ now, iterations: 1, time: 0, warmup: false, retainSamples: true, throws: true });
    const taking: number[] = [];
    contenders.forEach((contender, i) => {
      // A contender with fewer rounds is slow, and has warmed up during the check.
      if (contender.rounds && (round < 0 || round >= contender.rounds)) return;
      taking.push(i);
      let sink: Sink;
      bench.add(contender.name, () => contender.run(contender.events, sink), {
        // Without this, tinybench would call it once to find out whether it is async.
        async: cell.waits === true,
        beforeEach: () => {
          sink = new Sink(false, cell.pauses);
        },
        afterEach: () => {
          if (sink.rows !== counts[i])
            throw new Error(`${contender.name} gave ${sink.rows} results, ${counts[i]} before`);
          if (cell.pauses && round >= 0) scores[i]?.pauses.push(sink.longest);
        },
      });
    });
    if (cell.waits) await bench.run();
    else bench.runSync();
    if (round < 0) continue;
    bench.tasks.forEach(({ result }, t) => {
      const i = taking[t] as number;
      if (!('latency' in result)) throw new Error(`${contenders[i]?.name} has no result: ${result.state}`);
      for (const sample of result.latency.samples ?? []) {
        scores[i]?.nanoseconds.push((sample * 1e6) / (contenders[i]?.events as number));
      }
    });
  }
  return scores;
}

/** Processor time of all threads of this process, the garbage collector's included, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Checks that all contenders give the same results. Returns the number of results of each. */
async function checked(cell: Cell, contenders: Contender[]): Promise<number[]> {
  const reference = contenders[0] as Contender;
  const expected = new Map<number, Sink>();
  const counts: number[] = [];
  for (const contender of contenders) {
    const sink = new Sink(!contender.silent);
    await contender.run(contender.events, sink);
    counts.push(sink.rows);
    if (cell.different || contender.silent) continue;
    if (!expected.has(contender.events)) {
      const one = contender === reference ? sink : new Sink(true);
      if (one !== sink) await reference.run(contender.events, one);
      expected.set(contender.events, one);
    }
    compare(contender.name, sink, reference.name, expected.get(contender.events) as Sink);
  }
  return counts;
}

/** Nanoseconds per step of a chain of multiplications and reads scattered over 64 MB; the minimum of three runs. */
function calibrate(): number {
  const words = new Uint32Array(1 << 24).fill(1);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const before = performance.now();
    if (chase(words, 1 << 19) < 0) throw new Error('never');
    least = Math.min(least, performance.now() - before);
  }
  return (least * 1e6) / (1 << 19);
}

function chase(words: Uint32Array, steps: number): number {
  let at = 1;
  for (let i = 0; i < steps; i++) at = (Math.imul(at, 1664525) + 1013904222 + (words[at >>> 8] as number)) | 0;
  return at >>> 0;
}

/**
 * `npm run mutants` shows how strong the tests are. It plants the faults of faults.ts one at a time in a copy of the
 * tree, builds what they change, and runs the suites until one fails: first those that should catch the fault, then all
 * others. It prints the test that caught each, and the score.
 *
 *     npm run mutants                  all faults
 *     npm run mutants -- wheel ring    those whose file or description contains one of the words
 *     npm run mutants -- --first       only by the suites that should catch them
 *
 * It ends with 1 if a fault survives that is not explained, or if one is caught that is explained.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { edited } from '../../support/edit';
import { FAULTS, type Fault } from './faults';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The suites for faults of the core and the bindings, which run on the debug core. */
const SUITES = 'aggregate arrow attack core input laws memory shared stream window node/laws node/duckdb'.split(' ');
/** The suites for faults that only the built package shows. */
const BUILT_SUITES = ['node/worker', 'node/cli', 'node/attack'];
const foldersOf = ({ isBuilt }: Fault) => (isBuilt ? BUILT_SUITES : SUITES).map((folder) => `test/${folder}/`);

/** A fault that keeps a run from ending is caught after this many times the run without a fault. */
const PATIENCE = 3;
const MIN_PATIENCE_MS = 120_000;

/** The parts of vitest's report that are read. */
interface Report {
  testResults: {
    name: string;
    message: string;
    status: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

/** A copy of the tree in which faults are planted. */
class Copy {
  readonly dir = mkdtempSync(join(tmpdir(), 'oriel-mutants-'));
  #limitMs = 600_000;
  /** The process group of the suites that run. */
  #group: number | undefined;

  constructor() {
    const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    for (const path of listed.split('\0').filter(Boolean)) cpSync(join(ROOT, path), join(this.dir, path));
    symlinkSync(join(ROOT, 'node_modules'), join(this.dir, 'node_modules'));
  }

  remove(): void {
    this.#stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Builds everything and runs the suites that should catch the faults, without one. @throws if a suite fails */
  async check(faults: readonly Fault[]): Promise<void> {
    this.#npm('build');
    copyFileSync(join(this.dir, 'build/debug.wasm'), join(this.dir, 'build/sound.wasm'));
    const start = performance.now();
    const catcher = await this.#failing([...new Set(faults.flatMap(({ suites }) => suites))]);
    if (catcher) throw new Error(`a suite fails without a fault: ${catcher}`);
    this.#limitMs = Math.max(MIN_PATIENCE_MS, PATIENCE * (performance.now() - start));
  }

  /** Returns the test that catches a fault; undefined if none does. */
  async catcherOf(fault: Fault, firstOnly: boolean): Promise<string | undefined> {
    const path = join(this.dir, fault.file);
    const source = readFileSync(path, 'utf8');
    const isOfCore = fault.file.startsWith('assembly/');
    writeFileSync(path, edited(source, fault));
    try {
      if (isOfCore) this.#npm('build:debug');
      if (fault.isBuilt) for (const step of ['build:stamp', 'build:package', 'build:done']) this.#npm(step);
      const catcher = await this.#failing(fault.suites);
      return catcher || firstOnly ? catcher : await this.#failing(foldersOf(fault));
    } finally {
      writeFileSync(path, source);
      if (isOfCore) copyFileSync(join(this.dir, 'build/sound.wasm'), join(this.dir, 'build/debug.wasm'));
    }
  }

  #npm(script: string): void {
    execFileSync('npm', ['run', '-s', script], { cwd: this.dir, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Runs suites until a test fails, and returns which; undefined if none does. */
  async #failing(suites: readonly string[]): Promise<string | undefined> {
    const report = join(this.dir, 'build/report.json');
    rmSync(report, { force: true });
    const options = ['--mode', 'one', '--bail', '1', '--reporter', 'json', '--outputFile', report];
    const vitest = spawn('npx', ['vitest', 'run', ...options, ...suites], {
      cwd: this.dir,
      stdio: 'ignore',
      // A group of its own, so that a run that does not end is stopped with its workers.
      detached: true,
    });
    this.#group = vitest.pid;
    const timer = setTimeout(() => this.#stop(), this.#limitMs);
    const [code] = await once(vitest, 'exit');
    clearTimeout(timer);
    this.#group = undefined;
    if (code === 0) return undefined;
    if (code === null) return 'a suite that does not end';
    return firstFailure(JSON.parse(readFileSync(report, 'utf8')), this.dir);
  }

  #stop(): void {
    if (this.#group) process.kill(-this.#group, 'SIGKILL');
  }
}

function firstFailure({ testResults }: Report, dir: string): string {
  for (const { name, message, status, assertionResults } of testResults) {
    const failed = assertionResults.find((one) => one.status === 'failed');
    const suite = name.replace(`${dir}/test/`, '');
    if (failed) return `${suite}: ${failed.fullName.trim()}`;
    if (message.includes('built from other sources'))
      throw new Error(`${suite} runs the package: give its fault isBuilt`);
    if (status === 'failed' && message) return `${suite}: ${message.split('\n')[0]}`;
  }
  return 'an error outside of tests';
}

async function main(given: readonly string[]): Promise<number> {
  const words = given.filter((one) => one !== '--first');
  const faults = FAULTS.filter(({ file, fault }) => {
    return words.length === 0 || words.some((word) => `${file} ${fault}`.includes(word));
  });
  if (faults.length === 0) throw new Error(`no fault has ${words.join(' or ')} in its file or description`);
  const copy = new Copy();
  process.once('exit', () => copy.remove());
  process.once('SIGINT', () => process.exit(130));
  await copy.check(faults);
  const counts = { caught: 0, explained: 0, wrong: 0 };
  for (const fault of faults) {
    const catcher = await copy.catcherOf(fault, words.length < given.length);
    const { explained } = fault;
    const isExpected = Boolean(catcher) !== Boolean(explained);
    counts[isExpected ? (catcher ? 'caught' : 'explained') : 'wrong']++;
    const verdict = catcher ? `caught    ${catcher}` : `survived  ${explained ?? 'and nothing explains it'}`;
    console.log(`${isExpected ? ' ' : '!'} ${fault.file}: ${fault.fault}\n    ${verdict}`);
  }
  const { caught, explained, wrong } = counts;
  console.log(`${faults.length} faults: ${caught} caught, ${explained} explained, ${wrong} not as expected`);
  return wrong > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));

/** Before the tests: installs the runtimes, and the package as it is packed, in a clean folder, with the programs. */

import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder. */
    clean: string;
  }
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

export default async function setup(project: TestProject): Promise<() => void> {
  const trouble = await install();
  // What is where is only known now.
  const { browsers, shells, tools } = await import('./runtimes');
  const missing = Object.entries({ ...shells, ...tools, ...browsers }).flatMap(([name, path]) => (path ? [] : [name]));
  if (missing.length > 0) {
    const report = `Runtimes left out, as they are not here: ${missing.join(', ')}.${trouble}`;
    if (process.env.RUNTIMES === 'all') throw new Error(report);
    console.log(report);
  }
  const clean = mkdtempSync(join(tmpdir(), 'oriel-'));
  fill(clean);
  project.provide('clean', clean);
  return () => rmSync(clean, { recursive: true, force: true });
}

/** Once for each lock file; what npm said where it could not. */
async function install(): Promise<string> {
  const cwd = join(here, 'tools');
  const lock = join(cwd, 'package-lock.json');
  const done = join(cwd, 'node_modules', '.done');
  if (existsSync(done) && readFileSync(done, 'utf8') === readFileSync(lock, 'utf8')) return '';
  console.log('Installing runtimes, about 300 MB: once only.');
  try {
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--fetch-retries=1', ...quiet], { cwd });
  } catch (error) {
    return ` npm: ${(error as { stderr: string }).stderr}`;
  }
  copyFileSync(lock, done);
  return '';
}

function fill(clean: string): void {
  const packed = join(clean, 'packed');
  mkdirSync(packed);
  const loader = './node_modules/@assemblyscript/loader';
  execFileSync('npm', ['pack', '--pack-destination', packed, ...quiet, '.', loader], { cwd: root, stdio: 'pipe' });
  writeFileSync(join(clean, 'package.json'), '{ "private": true, "type": "module" }');
  const tarballs = readdirSync(packed).map((name) => join(packed, name));
  execFileSync('npm', ['install', '--offline', ...quiet, ...tarballs], { cwd: clean });

  const programs = join(here, 'programs');
  const entryPoints = readdirSync(programs).flatMap((name) =>
    /(?<!\.d)\.ts$/.test(name) ? [join(programs, name)] : [],
  );
  esbuild.buildSync({ entryPoints, outdir: clean, format: 'esm', target: 'es2022' });
  copyFileSync(join(programs, 'required.cjs'), join(clean, 'required.cjs'));
}

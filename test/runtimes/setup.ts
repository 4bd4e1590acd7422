/** Installs the packed package and the programs in a clean folder before the tests. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import type { TestProject } from 'vitest/node';
import { browsers, shells, tools } from './runtimes';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the installed package and the programs. */
    clean: string;
  }
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
/** The peer dependency of `oriel/arrow`, and what it depends on. */
const ARROW = ['apache-arrow', 'flatbuffers', 'json-with-bigint', 'tslib'];
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

export default function setup(project: TestProject): () => void {
  const missing = Object.entries({ ...shells, ...tools, ...browsers }).flatMap(([name, path]) => (path ? [] : [name]));
  if (missing.length > 0) {
    const report = `Runtimes not installed, and left out: ${missing.join(', ')}.`;
    if (process.env.RUNTIMES === 'all') throw new Error(report);
    console.log(`${report} \`npm run runtimes\` installs most of them; browsers come from the system.`);
  }
  const clean = mkdtempSync(join(tmpdir(), 'oriel-'));
  project.provide('clean', clean);
  fill(clean);
  return () => rmSync(clean, { recursive: true, force: true });
}

function fill(clean: string): void {
  const packed = join(clean, 'packed');
  mkdirSync(packed);
  const loader = './node_modules/@assemblyscript/loader';
  execFileSync('npm', ['pack', '--pack-destination', packed, ...quiet, '.', loader], { cwd: root, stdio: 'pipe' });
  writeFileSync(join(clean, 'package.json'), '{ "private": true, "type": "module" }');
  const tarballs = readdirSync(packed).map((name) => join(packed, name));
  execFileSync('npm', ['install', '--offline', ...quiet, ...tarballs], { cwd: clean, stdio: 'pipe' });
  for (const name of ARROW)
    cpSync(join(root, 'node_modules', name), join(clean, 'node_modules', name), { recursive: true });

  const programs = join(here, 'programs');
  const entryPoints = readdirSync(programs).flatMap((name) =>
    /(?<!\.d)\.ts$/.test(name) ? [join(programs, name)] : [],
  );
  esbuild.buildSync({ entryPoints, outdir: clean, format: 'esm', target: 'es2022' });
  copyFileSync(join(programs, 'required.cjs'), join(clean, 'required.cjs'));
}

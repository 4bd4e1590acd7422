/** The package in what runs a file: Node, Bun and Deno; and in workerd. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { alone, arrow, here, sharing } from './expected';
import { shells, tools } from './runtimes';

const cwd = inject('clean');

async function run(shell: string, ...given: string[]): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(shell, given, { cwd, maxBuffer: 2 ** 26 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** What is in packages needs no permission, unless it is read as a file. */
const deno = ['run', '--no-prompt', '--allow-read=thread.js,program.js,events.js,threads.js'];

for (const [name, path = ''] of Object.entries(shells)) {
  const isDeno = name === 'Deno';

  describe.skipIf(path === '')(name, () => {
    test('import', async () => {
      expect(await run(path, ...(isDeno ? deno : []), 'main.js')).toEqual(sharing);
    });

    test('require', async () => {
      expect(await run(path, ...(isDeno ? ['run', '--allow-read'] : []), 'required.cjs')).toEqual(sharing);
    });

    test('oriel/slim', async () => {
      expect(await run(path, ...(isDeno ? ['run', '--allow-read=node_modules/oriel'] : []), 'slim.js')).toEqual({
        here,
      });
    });

    test('oriel/arrow', async () => {
      expect(await run(path, ...(isDeno ? ['run', '--no-prompt'] : []), 'arrow.js')).toEqual(arrow);
    });
  });
}

describe.skipIf(!tools.workerd)('workerd', () => {
  test.each([
    ['oriel', '', [], alone],
    ['oriel, with the modules of Node', '', ['nodejs_compat'], alone],
    ['oriel/slim', 'slim', [], { here }],
  ])('%s', async (_, path, compatibilityFlags, expected) => {
    const { outputFiles, warnings } = await esbuild.build({
      entryPoints: [join(cwd, 'workerd.js')],
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['*.wasm'],
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    const { Miniflare } = await import(tools.workerd as string);
    const core = await readFile(join(cwd, 'node_modules/oriel/dist/core.wasm'));
    const worker = new Miniflare({
      cf: false,
      compatibilityDate: '2026-04-01',
      compatibilityFlags,
      modules: [
        { type: 'ESModule', path: 'workerd.js', contents: outputFiles[0]?.text },
        { type: 'CompiledWasm', path: 'oriel/core.wasm', contents: core },
      ],
    });
    onTestFinished(() => worker.dispose());
    const response = await worker.dispatchFetch(`http://localhost/${path}`);
    expect(JSON.parse(await response.text())).toEqual(expected);
  });
});

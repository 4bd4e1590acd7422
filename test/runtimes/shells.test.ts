/** Catches a package that gives other results in some version of Node, in Bun, Deno or workerd. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { alone, arrow, here, sharing } from './expected';
import { run, shells, tools } from './runtimes';

const cwd = inject('clean');

/** Deno needs no permission for modules of packages, but for files that are read. */
const DENO: Record<string, string[]> = {
  'main.js': ['run', '--no-prompt', '--allow-read=thread.js,program.js,events.js,threads.js'],
  'required.cjs': ['run', '--no-prompt', '--allow-read'],
  'slim.js': ['run', '--no-prompt', '--allow-read=node_modules/oriel'],
  'arrow.js': ['run', '--no-prompt'],
};

for (const [name, path = ''] of Object.entries(shells)) {
  const runs = (file: string) => run(path, [...((name === 'Deno' && DENO[file]) || []), file], cwd);

  describe.skipIf(path === '')(name, () => {
    test('a module imports the package', async () => expect(await runs('main.js')).toEqual(sharing));
    test('CommonJS requires the package', async () => expect(await runs('required.cjs')).toEqual(sharing));
    test('oriel/slim takes the core as a file', async () => expect(await runs('slim.js')).toEqual({ here }));
    test('oriel/arrow reads and writes tables', async () => expect(await runs('arrow.js')).toEqual(arrow));
  });
}

describe.skipIf(!tools.workerd)('workerd', () => {
  test.each([
    ['oriel', '', [], alone],
    ['oriel, with the modules of Node', '', ['nodejs_compat'], alone],
    ['oriel/slim', 'slim', [], { here }],
  ])('%s gives the expected results', async (_, path, compatibilityFlags, expected) => {
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

/** Catches a built package that programs cannot import, bundle or start; each program is a process of its own. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import * as vite from 'vite';
import { expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../../..', import.meta.url));

async function run(program: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd });
  return JSON.parse(stdout);
}

const use = `
  const stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
  stream.push({ t: 1, k: 'a' });
  console.log(JSON.stringify(stream.close().toArray()));
`;
const rows = [{ start: 0, end: 10, k: 'a', n: 1 }];

test('a program can import oriel', async () => {
  expect(await run(`import { count, tumbling, windowed } from 'oriel'; ${use}`)).toEqual(rows);
});

test.each([
  ['bytes', 'await readFile(file)'],
  ['a module', 'new WebAssembly.Module(await readFile(file))'],
  ['a response', "new Response(await readFile(file), { headers: { 'content-type': 'application/wasm' } })"],
  ['the URL of a file', 'file'],
  ['a URL', "new URL('data:application/wasm;base64,' + (await readFile(file)).toString('base64'))"],
])('oriel/slim takes the core as %s', async (_, source) => {
  const program = `
    import { readFile } from 'node:fs/promises';
    import { count, init, tumbling, windowed } from 'oriel/slim';
    const file = new URL(import.meta.resolve('oriel/core.wasm'));
    await init(${source});
    ${use}`;
  expect(await run(program)).toEqual(rows);
});

test('oriel/slim refuses to start without a core, and refuses anything that is no core', async () => {
  const program = `
    import { count, init, tumbling, windowed } from 'oriel/slim';
    const codes = [];
    try { windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } }); } catch (e) { codes.push(e.code); }
    await init(new Uint8Array([1, 2, 3])).catch((e) => codes.push(e.code));
    await init('core.wasm').catch((e) => codes.push(e.code));
    console.log(JSON.stringify(codes));`;
  expect(await run(program)).toEqual(['ERR_ORIEL_CORE', 'ERR_ORIEL_CORE', 'ERR_ORIEL_CORE']);
});

test.each(['oriel', 'oriel/slim'])('oriel/arrow works with %s', async (entry) => {
  const program = `
    import { readFile } from 'node:fs/promises';
    import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
    import * as oriel from '${entry}';
    import { pushArrow, toArrow } from 'oriel/arrow';
    await oriel.init?.(await readFile(new URL(import.meta.resolve('oriel/core.wasm'))));
    const { count, OrielError, tumbling, windowed } = oriel;
    const stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    const table = tableFromArrays({ t: Float64Array.of(1, 2), k: ['a', 'a'] });
    pushArrow(stream, tableFromIPC(tableToIPC(table)));
    let isOurs = false;
    try { pushArrow(stream, {}); } catch (error) { isOurs = error instanceof OrielError; }
    console.log(JSON.stringify({ isOurs, rows: toArrow(stream.close()).toArray() }));`;
  expect(await run(program)).toEqual({ isOurs: true, rows: [{ ...rows[0], n: 2 }] });
});

/** A page, and a worker that the page brings for its streams. */
const PROGRAMS = {
  page: "import { windowedWorker } from 'oriel'; console.log(windowedWorker);",
  worker: "import 'oriel/worker';",
};
/** A lower bound on the length of a program that contains the core. */
const CORE = 150_000;

test.each(Object.entries(PROGRAMS))('esbuild bundles the %s without a warning', async (_, contents) => {
  const { warnings, outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: cwd },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  expect(outputFiles[0]?.text.length).toBeGreaterThan(CORE);
});

test.each(Object.entries(PROGRAMS))('Vite bundles the %s without a warning', async (name, program) => {
  const words: string[] = [];
  const say = (word: string) => void words.push(word);
  const logger = { ...vite.createLogger('silent'), warn: say, warnOnce: say, error: say };
  const load = (id: string) => (id === '\0program' ? program : undefined);
  const built = await vite.build({
    root: cwd,
    configFile: false,
    customLogger: logger,
    plugins: [{ name: 'program', resolveId: (id) => (id === 'program' ? '\0program' : undefined), load }],
    build: { write: false, rolldownOptions: { input: { page: 'program' }, checks: { pluginTimings: false } } },
  });
  expect(words).toEqual([]);
  const { output } = built as vite.Rolldown.RolldownOutput;
  const lengths = output.map((file) => (file.type === 'chunk' ? file.code : file.source).length);
  // A page has a second chunk with the core, for the worker that it starts.
  expect(lengths.filter((length) => length > CORE).length).toBe(name === 'page' ? 2 : 1);
});

test('no line of the package is too long to read in an error, but the cores', () => {
  const dist = new URL('../../../dist/', import.meta.url);
  const files = readdirSync(dist).filter((name) => name.endsWith('.js') && !name.startsWith('cli'));
  expect(files.length).toBeGreaterThan(4);
  let cores = 0;
  for (const name of files) {
    const lines = readFileSync(new URL(name, dist), 'utf8').split('\n');
    const long = lines.filter((line) => line.length > 1000 && !/^(im|ex)port /.test(line));
    cores += long.length;
    expect(
      long.every((line) => /^var \w+ = "AGFzb/.test(line)),
      name,
    ).toBe(true);
  }
  expect(cores).toBeGreaterThan(0);
});

test('every import that bundlers cannot follow says so to them', () => {
  const dist = new URL('../../../dist/', import.meta.url);
  // The command runs in Node only, so nobody bundles it.
  const files = readdirSync(dist).filter((name) => name.endsWith('.js') && !name.startsWith('cli'));
  const imports = files.flatMap(
    (name) => readFileSync(new URL(name, dist), 'utf8').match(/\bimport\([^)]{0,60}/g) ?? [],
  );
  expect(imports.length).toBeGreaterThan(0);
  for (const one of imports) expect(one).toMatch(/^import\(\s*\/\* @vite-ignore \*\/\s*\/\* webpackIgnore: true \*\//);
});

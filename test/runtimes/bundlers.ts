/** Bundles the programs for pages with each bundler, with as few options as it needs. */

import { join } from 'node:path';
import * as esbuild from 'esbuild';
import * as vite from 'vite';
import { installed, tools } from './runtimes';

export interface Bundler {
  /** Whether it finds the threads and the worker of oriel by itself. Otherwise they are entries beside the program. */
  findsThreads: boolean;
  /** Bundles `main.js`, `slim.js` and `arrow.js` from one folder into another, and gives the warnings. */
  bundle(from: string, to: string): Promise<unknown[]>;
}

const page = { main: './main.js', slim: './slim-bundled.js', arrow: './arrow.js' };
const threads = { thread: './thread.js', worker: 'oriel/worker' };

export const bundlers: Record<string, Bundler> = {
  vite: { findsThreads: true, bundle: (from, to) => withVite(vite, from, to) },
  esbuild: { findsThreads: false, bundle: withEsbuild },
};
if (tools['Vite 7']) {
  bundlers['vite-7'] = {
    findsThreads: true,
    bundle: async (from, to) => withVite(await import(tools['Vite 7'] as string), from, to),
  };
}
if (tools.webpack) bundlers.webpack = { findsThreads: true, bundle: withWebpack };
if (tools.Rollup) bundlers.rollup = { findsThreads: false, bundle: withRollup };

async function withVite({ build, createLogger }: typeof vite, root: string, outDir: string): Promise<unknown[]> {
  const words: string[] = [];
  const say = (word: string) => {
    // Timings of plugins depend on the machine.
    if (!word.includes('PLUGIN_TIMINGS')) words.push(word);
  };
  await build({
    root,
    base: './',
    configFile: false,
    logLevel: 'warn',
    customLogger: { ...createLogger('silent'), warn: say, warnOnce: say, error: say },
    build: {
      outDir,
      rollupOptions: {
        input: { main: join(root, 'main.js'), slim: join(root, 'slim-vite.js'), arrow: join(root, 'arrow.js') },
        output: { entryFileNames: '[name].js' },
      },
    },
  });
  return words;
}

async function withEsbuild(absWorkingDir: string, outdir: string): Promise<unknown[]> {
  const { warnings } = await esbuild.build({
    absWorkingDir,
    entryPoints: { ...page, ...threads },
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    loader: { '.wasm': 'file' },
    logLevel: 'silent',
  });
  return warnings;
}

async function withWebpack(context: string, path: string): Promise<unknown[]> {
  const { default: webpack } = await import(tools.webpack as string);
  const compiler = webpack({
    mode: 'production',
    context,
    entry: page,
    experiments: { outputModule: true },
    output: { path, filename: '[name].js', module: true, chunkFormat: 'module' },
    module: { rules: [{ test: /\.wasm$/, type: 'asset/resource' }] },
    performance: { hints: false },
  });
  const words = await new Promise<string>((resolve, reject) => {
    const preset = { all: false, errors: true, warnings: true };
    compiler.run((error: unknown, stats: { toString(given: typeof preset): string }) =>
      error ? reject(error) : resolve(stats.toString(preset)),
    );
  });
  return words ? [words] : [];
}

async function withRollup(from: string, dir: string): Promise<unknown[]> {
  const { rollup } = await import(tools.Rollup as string);
  const { nodeResolve } = await import(installed('@rollup/plugin-node-resolve/dist/es/index.js') as string);
  const { default: url } = await import(installed('@rollup/plugin-url/dist/es/index.js') as string);
  const words: unknown[] = [];
  const bundle = await rollup({
    input: {
      main: join(from, page.main),
      slim: join(from, page.slim),
      arrow: join(from, page.arrow),
      thread: join(from, threads.thread),
      worker: threads.worker,
    },
    plugins: [nodeResolve({ rootDir: from }), url({ include: '**/*.wasm', limit: 0 })],
    // The files of apache-arrow import each other in circles.
    onwarn: (word: { ids?: string[] }) => word.ids?.every((id) => id.includes('/apache-arrow/')) || words.push(word),
  });
  await bundle.write({ dir, format: 'es' });
  return words;
}

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'tsdown';

/** As it was written, so that errors show a line that can be read; comments but those for tools are in the types. */
const COMMENTS = { legal: false, annotation: true, jsdoc: false };

const library = defineConfig({
  name: 'library',
  entry: {
    index: 'bindings/index.ts',
    slim: 'bindings/slim.ts',
    workerd: 'bindings/workerd.ts',
    arrow: 'bindings/arrow.ts',
    worker: 'bindings/worker/entry.ts',
  },
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  fixedExtension: false,
  loader: { '.wasm': 'base64' },
  deps: { neverBundle: ['oriel/core.wasm', '@assemblyscript/loader'], alwaysBundle: [/^temporal-/] },
  // In a file of its own, which bundlers drop for those who do not use calendar().
  outputOptions: {
    comments: COMMENTS,
    codeSplitting: {
      groups: [
        { name: 'temporal', test: /node_modules.temporal-/ },
        { name: 'windowed', test: /bindings.(public|(base|spec|input|plan|engine|stream).[\w-]+)\.ts$/ },
      ],
    },
  },
  hooks: {
    'build:done': () => copyFileSync('build/release.wasm', 'dist/core.wasm'),
  },
});

/** What is in the package of others, all of it under the MIT licence, which wants to be told. */
const BUNDLED = [
  'temporal-polyfill',
  'temporal-utils',
  'jsep',
  '@jsep-plugin/object',
  'papaparse',
  'hyparquet',
  'hyparquet-compressors',
  'hysnappy',
  'fzstd',
];

/** `npx oriel`, which is a user of the library as any other. What it reads lines with is inside. */
const command = defineConfig({
  name: 'command',
  entry: { cli: 'bindings/cli/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  clean: false,
  fixedExtension: false,
  deps: { neverBundle: [/^oriel/], alwaysBundle: [/^(@?jsep|papaparse|hyparquet)/] },
  outputOptions: { comments: COMMENTS, chunkFileNames: 'cli-[name]-[hash].js' },
  hooks: {
    'build:done': () => {
      const licenses = BUNDLED.map(
        (name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`,
      );
      writeFileSync('dist/licenses.txt', licenses.join('\n----\n\n'));
    },
  },
});

export default [library, command];

import { copyFileSync } from 'node:fs';
import { defineConfig, type Rolldown } from 'tsdown';

/** Comments go with white space, and with them what tells bundlers to leave an import alone: see bindings/worker/node.ts. */
const marks: Rolldown.Plugin = {
  name: 'marks',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      file.code = file.code.replace('import([', 'import(/* @vite-ignore */ /* webpackIgnore: true */[');
    }
  },
};

export default defineConfig({
  entry: {
    index: 'bindings/index.ts',
    slim: 'bindings/slim.ts',
    workerd: 'bindings/workerd.ts',
    arrow: 'bindings/arrow.ts',
    worker: 'bindings/worker/thread.ts',
  },
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  fixedExtension: false,
  loader: { '.wasm': 'base64' },
  deps: { neverBundle: ['oriel/core.wasm', '@assemblyscript/loader'], alwaysBundle: [/^temporal-/] },
  // In a file of its own, which bundlers drop for those who do not use calendar().
  plugins: [marks],
  outputOptions: {
    codeSplitting: {
      groups: [
        { name: 'temporal', test: /node_modules.temporal-/ },
        { name: 'windowed', test: /bindings.(?!index|slim|workerd|arrow)\w+\.ts$/ },
      ],
    },
  },
  hooks: {
    'build:done': () => copyFileSync('build/release.wasm', 'dist/core.wasm'),
  },
});

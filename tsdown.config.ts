import { copyFileSync } from 'node:fs';
import { defineConfig } from 'tsdown';

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

/**
 * Module hooks of Node that give the bindings the core of one build where they import the release build's bytes, and
 * give the command these bindings where it imports the package.
 */

import { readFile } from 'node:fs/promises';

const library = new URL('../../../bindings/index.ts', import.meta.url).href;
let core;

export function initialize(build) {
  core = new URL(`../../../build/${build}.wasm`, import.meta.url).href;
}

export function resolve(specifier, context, next) {
  if (specifier === 'oriel') return next(library, context);
  return specifier.endsWith('build/release.wasm') ? { url: core, shortCircuit: true } : next(specifier, context);
}

export async function load(url, context, next) {
  if (url !== core) return next(url, context);
  const source = `export default ${JSON.stringify(await readFile(new URL(url), 'base64'))};`;
  return { format: 'module', source, shortCircuit: true };
}

/**
 * The core of the debug build with a counter of its steps: the global `steps` counts calls of functions, turns of
 * loops, and bytes that are copied or filled. Whatever work the core does is counted, wherever it is written.
 */

import { readFileSync } from 'node:fs';
import binaryen from 'assemblyscript/binaryen';
import { core, provideCore } from '../../bindings/base/core';

const STEPS = 'steps';
const DEBUG = new URL('../../build/debug.wasm', import.meta.url);
/** What the core uses. The passes refuse modules with more. */
const { MutableGlobals, SIMD128, BulkMemory, BulkMemoryOpt, SignExt, NontrappingFPToInt } = binaryen.Features;
const FEATURES = MutableGlobals | SIMD128 | BulkMemory | BulkMemoryOpt | SignExt | NontrappingFPToInt;

function counted(): WebAssembly.Module {
  const { i32, f64, none } = binaryen;
  const wasm = binaryen.readBinary(readFileSync(DEBUG));
  wasm.setFeatures(FEATURES);
  // Copies become loops. Then all functions and loops call an import, which is replaced by a function that counts.
  for (const pass of ['llvm-memory-copy-fill-lowering', 'log-execution']) wasm.runPasses([pass]);
  const log = 'log_execution';
  wasm.removeFunction(log);
  wasm.addGlobal(STEPS, f64, true, wasm.f64.const(0));
  const next = wasm.f64.add(wasm.global.get(STEPS, f64), wasm.f64.const(1));
  wasm.addFunction(log, i32, none, [], wasm.global.set(STEPS, next));
  wasm.addGlobalExport(STEPS, STEPS);
  const binary = wasm.emitBinary();
  wasm.dispose();
  return new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
}

provideCore(counted);

/** How many steps the core takes in a call. */
export function stepsOf(call: () => void): number {
  const { steps } = core().exports as unknown as { steps: WebAssembly.Global };
  const before = steps.value;
  call();
  return steps.value - before;
}

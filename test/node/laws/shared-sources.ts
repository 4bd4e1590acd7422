/**
 * The sources of bindings/shared/, compiled so that a search can run them: as they are, or with an edit that must be
 * found out.
 *
 * Three things differ from a usual build. Names that the code takes from its surroundings (`Atomics`, typed arrays,
 * clocks) come from the search. Private fields are plain ones, so that the search can save and restore them. An `await`
 * goes on at once: whatever an async function waits for is an operation of the search, which has its result by then.
 */

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import * as errors from '../../../bindings/base/errors';

type Signals = typeof import('../../../bindings/shared/signal');
type AllIndices = typeof import('../../../bindings/shared/indices');
type Rings = typeof import('../../../bindings/shared/ring');

/** The classes of one set of sources. */
export interface SharedCode {
  readonly Signal: Signals['Signal'];
  readonly Indices: AllIndices['Indices'];
  readonly Ring: Rings['Ring'];
}

type SourceName = 'signal' | 'indices' | 'ring';

/** A change of one source: `from` must stand in it exactly once. Private names are written as in the source. */
export interface Edit {
  readonly file: SourceName;
  readonly from: string;
  readonly to: string;
}

/** What the code finds in its surroundings in place of the global objects of these names. */
export type Surroundings = Readonly<Record<string, unknown>>;

const SOURCES: Record<SourceName, string> = {
  signal: readSource('signal'),
  indices: readSource('indices'),
  ring: readSource('ring'),
};

function readSource(name: SourceName): string {
  return readFileSync(new URL(`../../../bindings/shared/${name}.ts`, import.meta.url), 'utf8');
}

/** @throws where an edit matches no place, or several */
function edited(name: SourceName, edits: readonly Edit[]): string {
  let source = SOURCES[name];
  for (const { file, from, to } of edits) {
    if (file !== name) continue;
    const matches = source.split(from).length - 1;
    if (matches !== 1) throw new Error(`the edit must match ${name}.ts once, not ${matches} times: ${from}`);
    source = source.replace(from, () => to);
  }
  return source;
}

/** Runs an async function to its end at once. */
function awaiter(self: unknown, given: unknown[] | undefined, _: unknown, body: (...given: unknown[]) => Generator) {
  const run = body.apply(self, given ?? []);
  let step = run.next();
  while (!step.done) step = run.next(step.value);
  return step.value;
}

const COMPILER_OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  // Async functions become generators, run by `__awaiter`.
  target: ts.ScriptTarget.ES2016,
  noEmitHelpers: true,
};

const compiled = new Map<string, string>();

function compile(source: string): string {
  let code = compiled.get(source);
  if (code === undefined) {
    const plain = source.replace(/#(?=[a-z])/gi, 'private_');
    code = ts.transpileModule(plain, { compilerOptions: COMPILER_OPTIONS }).outputText;
    compiled.set(source, code);
  }
  return code;
}

/** Compiles the sources with the edits. @throws where an edit does not match exactly once */
export function loadShared(surroundings: Surroundings, edits: readonly Edit[] = []): SharedCode {
  const modules: Record<string, object> = { '../base/errors': errors };
  const load = (name: SourceName) => {
    const exports = {};
    const names = ['exports', 'require', '__awaiter', ...Object.keys(surroundings)];
    const values = [exports, (path: string) => modules[path], awaiter, ...Object.values(surroundings)];
    new Function(...names, compile(edited(name, edits)))(...values);
    modules[`./${name}`] = exports;
    return exports;
  };
  return { ...load('signal'), ...load('indices'), ...load('ring') } as SharedCode;
}

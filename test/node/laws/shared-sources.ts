/**
 * The sources of bindings/shared/, compiled so that a search can run them: as they are, or with an edit that must be
 * found out.
 *
 * Three things differ from a usual build. Names that the code takes from its surroundings (`Atomics`, typed arrays,
 * clocks) come from the search. Private fields are plain ones, so that the search can save and restore them. An `await`
 * goes on at once: whatever an async function waits for is an operation of the search, which has its result by then.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type Edit, edited } from '../../support/edit';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

type Signals = typeof import('../../../bindings/shared/signal');
type AllIndices = typeof import('../../../bindings/shared/indices');
type Rings = typeof import('../../../bindings/shared/ring');

/** The classes of one set of sources. */
export interface SharedCode {
  readonly Signal: Signals['Signal'];
  readonly Indices: AllIndices['Indices'];
  readonly Ring: Rings['Ring'];
}

/** What the code finds in its surroundings in place of the global objects of these names. */
export type Surroundings = Readonly<Record<string, unknown>>;

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

/** Compiles the sources, and what they import, with the edits. @throws where an edit does not match exactly once */
export function loadShared(surroundings: Surroundings, edits: readonly Edit[] = []): SharedCode {
  const modules = new Map<string, object>();
  const load = (file: string): object => {
    const loaded = modules.get(file);
    if (loaded) return loaded;
    const exports = {};
    modules.set(file, exports);
    const source = edits.filter((edit) => edit.file === file).reduce(edited, readFileSync(join(ROOT, file), 'utf8'));
    const names = ['exports', 'require', '__awaiter', ...Object.keys(surroundings)];
    const require = (path: string) => load(`${join(file, '..', path)}.ts`);
    new Function(...names, compile(source))(exports, require, awaiter, ...Object.values(surroundings));
    return exports;
  };
  const sources = ['signal', 'indices', 'ring'].map((name) => load(`bindings/shared/${name}.ts`));
  return Object.assign({}, ...sources);
}

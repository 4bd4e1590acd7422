/**
 * The house is in order: this suite catches an import that runs upwards or in a circle, a kernel that its registry does
 * not list (and that would silently take the slow path), two files of one name, dead imports, long lines, and comments
 * that name a file which is gone.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The rooms of both sides from the ground up: a file may import what lies in its own room or in one before it. */
const ROOMS = {
  assembly: [
    'plan.ts',
    'law.ts',
    'window.ts',
    'cause.ts',
    'base/',
    'census.ts',
    'part.ts',
    'scratch.ts',
    'stream.ts',
    'store.ts',
    'sketch/shared/',
    'sketch/evicting/',
    'sketch/',
    'ingest/',
    'state/',
    'result/',
    'aggregate/shared/',
    'aggregate/',
    'window/grid/',
    'window/grid/kind/',
    'window/keyed/',
    'window/session/',
    'window/count/',
    'window/rolling/',
    'window/',
    'retention.ts',
    'budget.ts',
    'forecast.ts',
    'query.ts',
    'pipeline.ts',
    'lifecycle.ts',
    'index.ts',
    'check.ts',
  ],
  bindings: [
    'base/',
    'spec/',
    'input/',
    'plan/',
    'engine/',
    'stream/',
    'shared/',
    'worker/',
    'arrow/',
    'arrow.ts',
    'public.ts',
    'index.ts',
    'slim.ts',
    'workerd.ts',
    'cli/usage-error.ts',
    'cli/options.ts',
    'cli/language/',
    'cli/read/',
    'cli/feed.ts',
    'cli/write/',
    'cli/plan.ts',
    'cli/explain.ts',
    'cli/progress.ts',
    'cli/help.ts',
    'cli/run.ts',
    'cli/main.ts',
  ],
};

interface Source {
  path: string;
  text: string;
  tree: ts.SourceFile;
}

/** The paths of the files in a folder and the folders below it, without installed packages. */
function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return entry.name === 'node_modules' ? [] : filesIn(path);
  });
}

function sourcesIn(folder: string): Source[] {
  return filesIn(folder)
    .filter((path) => /\.m?ts$/.test(path))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
    });
}

const sides = {
  assembly: sourcesIn('assembly'),
  bindings: sourcesIn('bindings').filter(({ path }) => !path.endsWith('.d.ts')),
};
const all = [...sides.assembly, ...sides.bindings, ...['test', 'bench', 'examples'].flatMap(sourcesIn)];

/** The files of the same side that a file imports, types included. */
function importsOf({ path, text }: Source, side: Source[]): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => `${join(dirname(path), fileName)}.ts`)
    .filter((target) => side.some((other) => other.path === target));
}

describe.each(Object.keys(ROOMS) as (keyof typeof ROOMS)[])('%s', (side) => {
  const sources = sides[side];
  const rooms = ROOMS[side].map((room) => join(side, room));

  /** The number of the innermost room that a file lies in, -1 if there is none. */
  const roomOf = (path: string) => {
    const inside = rooms.filter((room) => path === room || (room.endsWith('/') && path.startsWith(room)));
    return rooms.indexOf(inside.sort((a, b) => b.length - a.length)[0] ?? '');
  };

  test('has files, and every file lies in a room', () => {
    expect(sources.length).toBeGreaterThan(70);
    expect(sources.filter(({ path }) => roomOf(path) < 0).map(({ path }) => path)).toEqual([]);
  });

  test('has no room without files', () => {
    const used = new Set(sources.map(({ path }) => roomOf(path)));
    expect(rooms.filter((_, i) => !used.has(i))).toEqual([]);
  });

  test('imports nothing upwards', () => {
    const upwards = sources.flatMap((source) =>
      importsOf(source, sources)
        .filter((target) => roomOf(target) > roomOf(source.path))
        .map((target) => `${source.path} → ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  test('has no import circles', () => {
    const imports = new Map(sources.map((source) => [source.path, importsOf(source, sources)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: string[]) => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      if (done.has(path) || way.includes(path)) return;
      for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
      done.add(path);
    };
    for (const { path } of sources) visit(path, []);
    expect([...imports.values()].flat().length).toBeGreaterThan(200);
    expect(circles).toEqual([]);
  });

  test('has no base name twice', () => {
    const names = sources.map(({ path }) => basename(path));
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

/** Names that a file exports by declaration. */
function exportsOf({ tree }: Source): string[] {
  return tree.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    return ts.isFunctionDeclaration(statement) || ts.isEnumDeclaration(statement) ? [statement.name?.text ?? ''] : [];
  });
}

/** The names by which a registry exports kernels: `sum_fold` for `fold` of sum.ts. */
function registered(registry: string): Set<string> {
  const source = sides.assembly.find(({ path }) => path === `assembly/${registry}`);
  const names = source?.tree.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      return [];
    }
    return statement.exportClause.elements.map(({ name }) => name.text);
  });
  return new Set(names);
}

test('every kernel that an aggregate exports is in the registry', () => {
  const names = registered('aggregate/aggregate-registry.ts');
  const aggregates = sides.assembly.filter(
    ({ path }) => dirname(path) === 'assembly/aggregate' && !path.endsWith('-registry.ts'),
  );
  const roles = new Set([...names].map((name) => name.slice(name.indexOf('_') + 1)));
  const kernels = aggregates.flatMap((source) =>
    exportsOf(source)
      .filter((name) => roles.has(name))
      .map((name) => `${basename(source.path, '.ts')}_${name}`),
  );
  expect(aggregates.length).toBeGreaterThan(35);
  expect(kernels.length).toBeGreaterThan(150);
  expect(kernels.filter((name) => !names.has(name))).toEqual([]);
});

test('every function that a kind of window exports is in the registry', () => {
  // The debug build alone exports the functions that verify a store.
  const names = new Set([...registered('window/window-registry.ts'), ...registered('check.ts')]);
  const isKind = ({ tree, path }: Source) =>
    path.startsWith('assembly/window/') && /^export function (create\(stream|start\(_?window)/m.test(tree.text);
  const kinds = sides.assembly.filter((source) => isKind(source) && basename(source.path) !== 'edges.ts');
  const functions = kinds.flatMap((source) =>
    exportsOf(source).map((name) => `${basename(source.path, '.ts')}_${name}`),
  );
  expect(kinds.length).toBeGreaterThan(10);
  expect(functions.filter((name) => !names.has(name))).toEqual([]);
});

test('no line is over 120 columns', () => {
  const long = all.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => ([...line].length > 120 ? [`${path}:${i + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

test('no import is dead', () => {
  const dead = all.flatMap(({ path, tree }) => {
    const imported = new Map<string, ts.Node>();
    const used = new Set<string>();
    const visit = (node: ts.Node) => {
      const isImport = ts.isImportSpecifier(node) || ts.isNamespaceImport(node) || ts.isImportClause(node);
      if (isImport && node.name) imported.set(node.name.text, node);
      else if (ts.isIdentifier(node) && !ts.findAncestor(node, ts.isImportDeclaration)) used.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return [...imported.keys()].filter((name) => !used.has(name)).map((name) => `${path}: ${name}`);
  });
  expect(dead).toEqual([]);
});

/** Whether a path, or the end of one, is that of a file of the repository. */
const isThere = (name: string) =>
  all.some(({ path }) => `/${path}`.endsWith(`/${name}`)) || existsSync(join(ROOT, name));

test('comments name files that are there', () => {
  const gone = [...sides.assembly, ...sides.bindings].flatMap(({ path, text }) => {
    const comments = text.match(/\/\*[\s\S]*?\*\/|\/\/.*/g) ?? [];
    const named = comments.flatMap((comment) => comment.match(/(?<![\w/.-])[\w-]+(\/[\w-]+)*(\.[\w-]+)*\.ts\b/g) ?? []);
    return named.filter((name) => !isThere(name)).map((name) => `${path}: ${name}`);
  });
  expect(gone).toEqual([]);
});

test('documents name files that are there', () => {
  const documents = ['.', 'docs', 'docs/decisions', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const gone = documents.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const named = [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = '']) => name).filter((name) => !isThere(name));
    const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)(#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)));
    return [...named, ...linked].map((name) => `${path}: ${name}`);
  });
  expect(documents.length).toBeGreaterThan(20);
  expect(gone).toEqual([]);
});

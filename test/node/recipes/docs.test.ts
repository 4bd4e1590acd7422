/** Catches recipes, and lines of the page about them, that name other packages than the recipes import. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

const recipes = readdirSync(new URL('../../../examples/recipes', import.meta.url));
const page = read('docs/recipes.md');

/** Lists the packages of imports: `a` for `a/b`, `@a/b` for `@a/b/c`. */
function importsOf(source: string): string[] {
  const imported = [...source.matchAll(/^import .* from '((?:@[^/']+\/)?[^/']+).*';$/gm)].map(([, name = '']) => name);
  return imported.filter((name) => !name.startsWith('node:')).sort();
}

test.each(recipes)('%s and the page say how to install and run it', (recipe) => {
  const source = read(`examples/recipes/${recipe}`);
  const [, install = ''] = / {2}npm install (.*)\n/.exec(source.replaceAll(/ \\\n \* +/g, ' ')) ?? [];
  expect(install.split(' ').sort()).toEqual([...importsOf(source), 'tsx'].sort());

  const [, name, , more = '', command] =
    page
      .split('\n')
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
      .find(([, cell]) => cell?.endsWith(`/${recipe})`)) ?? [];
  expect(name).toBe(`[${recipe.replace('.mts', '')}](../examples/recipes/${recipe})`);
  const listed = more.replaceAll('`', '').split(' ').filter(Boolean);
  expect(['oriel', ...listed, 'tsx'].sort()).toEqual(install.split(' ').sort());
  expect(command).toContain(`npx tsx ${recipe}`);
  expect(source).toContain(command?.replaceAll('`', '').replaceAll('\\|', '|'));
});

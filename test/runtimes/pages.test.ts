/** Catches a package that some bundler warns about, or that gives other results in a bundle or a browser. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vite from 'vite';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { bundlers } from './bundlers';
import { apart, arrow, here, sharing } from './expected';
import { Pages, type Said } from './pages';
import { browsers, run, tools } from './runtimes';

const clean = inject('clean');
const names = Object.keys(bundlers);
const words = new Map<string, unknown>();
const pages = await new Pages(clean).start();
beforeAll(async () => {
  for (const name of names) {
    const word = bundlers[name]?.bundle(clean, join(clean, 'out', name)).catch((error) => error);
    words.set(name, await word);
  }
});
afterAll(() => pages.close());

function wordOf(said: Said, page: string): object {
  const word = said.get(page) ?? { error: 'silence' };
  if (word.error !== undefined) throw new Error(word.error);
  return word;
}

describe('bundles, in Node', () => {
  test.each(names)('%s warns of nothing', (name) => expect(words.get(name)).toEqual([]));

  const runs = (name: string, program: string) => run(process.execPath, [join('out', name, program)], clean);

  test.each(names)('the program bundled by %s gives the expected results', async (name) => {
    const said = await runs(name, 'main.js');
    // Bundlers that find threads find those of pages, which Node cannot start.
    if (bundlers[name]?.findsThreads) expect(said).toMatchObject({ here });
    else expect(said).toEqual(sharing);
  });

  test.each(names)('oriel/slim bundled by %s gives the expected results', async (name) => {
    expect(await runs(name, 'slim.js')).toEqual({ here });
  });

  test.each(names)('oriel/arrow bundled by %s gives the expected results', async (name) => {
    expect(await runs(name, 'arrow.js')).toEqual(arrow);
  });
});

for (const [name, path] of Object.entries(browsers)) {
  describe.skipIf(!path)(name, () => {
    const mains = (kind: string) => names.map((name) => `/${kind}/out/${name}/main.html`);
    // Workers do not know import maps, so pages with an import map instead of a bundler have no workers.
    const singles = ['/plain/single.html', '/plain/slim.html', ...names.map((name) => `/plain/out/${name}/slim.html`)];
    const arrows = names.map((name) => `/plain/out/${name}/arrow.html`);
    const strict = '/strict/single.html';
    const said: Said = new Map();
    const of = (page: string) => wordOf(said, page);

    beforeAll(async () => {
      for (const kind of [mains('isolated'), [...mains('plain'), ...singles, ...arrows, strict]]) {
        for (const [page, word] of await pages.visit(name, kind)) said.set(page, word);
      }
    });

    test.each(mains('isolated'))('%s gives the results of shared memory', (page) => expect(of(page)).toEqual(sharing));
    test.each(mains('plain'))('%s gives the results of messages', (page) => expect(of(page)).toEqual(apart));
    test.each(singles)('%s gives the results of one thread', (page) => expect(of(page)).toEqual({ here }));
    test.each(arrows)('%s gives the results of Arrow', (page) => expect(of(page)).toEqual(arrow));
    test('a page that forbids WebAssembly gets ERR_ORIEL_CORE', () =>
      expect(() => of(strict)).toThrow('ERR_ORIEL_CORE'));
  });
}

describe.skipIf(!browsers.Chromium)('the development server of Vite', () => {
  async function serve({ createServer }: typeof vite, name: string, optimizeDeps: vite.DepOptimizationOptions) {
    await writeFile(join(clean, `${name}.html`), '<!doctype html><script type="module" src="/main.js"></script>');
    const server = await createServer({
      root: clean,
      configFile: false,
      logLevel: 'silent',
      cacheDir: join(clean, 'cache', name),
      optimizeDeps,
      server: { host: 'localhost', port: 0, proxy: { '/said': pages.origin } },
    });
    onTestFinished(() => server.close());
    await server.listen();
    const page = new URL(`/${name}.html`, server.resolvedUrls?.local[0]);
    return wordOf(await pages.visit('Chromium', [page.href]), page.pathname);
  }

  test('Vite 8 serves the package', async () => expect(await serve(vite, 'vite', {})).toEqual(apart));

  test.skipIf(!tools['Vite 7'])(
    'Vite 7 serves the package if its optimizer, which would lose the worker, leaves it out',
    async () => {
      const older = await import(tools['Vite 7'] as string);
      expect(await serve(older, 'vite-7', { exclude: ['oriel'] })).toEqual(apart);
    },
  );
});

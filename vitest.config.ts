import { existsSync, readFileSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type Plugin } from 'vitest/config';

/** Serves the core of one build where the bindings import the release build's bytes, as the package inlines them. */
function core(build: string): Plugin {
  return {
    name: 'core',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith('.wasm')) return undefined;
      const name = id.endsWith('release.wasm') ? `build/${build}.wasm` : 'build/shared.wasm';
      const bytes = readFileSync(new URL(name, import.meta.url));
      return `export default ${JSON.stringify(bytes.toString('base64'))};`;
    },
  };
}

/** Suites that need files, processes or other packages' native parts. */
const NODE_ONLY = ['test/node/**'];
/** Suites of what only pages have. */
const PAGE_ONLY = ['test/browser/**'];
/** The package as it is packed, in everything that it runs in. */
const RUNTIMES = ['test/runtimes/**'];

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (!chromium) console.log('No Chromium found: the suites run in Node only.');

const browser = () => ({
  enabled: true,
  headless: true,
  screenshotFailures: false,
  provider: playwright({
    launchOptions: {
      executablePath: chromium ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  }),
  instances: [{ browser: 'chromium' as const }],
});

/** Pages may share memory between threads where they are served with these; the release build is tested on pages as most are. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Random cases are gone through in full where that is quickest, and a share of them everywhere else. */
const share = (isFull: boolean) => ({ __SHARE__: isFull ? 1 : 0.2 });

const builds = ['debug', 'release', 'shared'];

export default defineConfig({
  test: {
    projects: [
      ...builds.map((build) => ({
        plugins: [core(build)],
        define: share(build === 'release'),
        test: {
          name: `node ${build}`,
          include: ['test/**/*.test.ts'],
          exclude: [...RUNTIMES, ...PAGE_ONLY, ...(build === 'release' ? [] : NODE_ONLY)],
          // Says which recipes are left out.
          globalSetup: build === 'release' ? ['test/node/recipes/servers.ts'] : [],
          testTimeout: 60_000,
        },
      })),
      ...(chromium ? builds : []).map((build) => ({
        plugins: [core(build)],
        define: { ...share(false), __ISOLATED__: build !== 'release' },
        server: { headers: build === 'release' ? {} : ISOLATED },
        test: {
          name: `chromium ${build}`,
          include: ['test/**/*.test.ts'],
          exclude: [...RUNTIMES, ...NODE_ONLY],
          testTimeout: 60_000,
          browser: browser(),
        },
      })),
      {
        test: {
          name: 'runtimes',
          include: ['test/runtimes/*.test.ts'],
          globalSetup: 'test/runtimes/setup.ts',
          diff: { truncateThreshold: 40 },
          testTimeout: 120_000,
          hookTimeout: 600_000,
          // After all others, and one at a time: each of them takes a machine for itself.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
  },
});

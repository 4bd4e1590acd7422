import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type Plugin } from 'vitest/config';

const BUILDS = ['debug', 'release', 'shared'];

/** Serves the core of one build where the bindings import the release build's bytes, as the package inlines them. */
function core(build: string): Plugin {
  return {
    name: 'core',
    enforce: 'pre',
    resolveId(id) {
      const name = id.match(/build\/(release|shared)\.wasm$/)?.[1];
      return name && fileURLToPath(new URL(`build/${name === 'release' ? build : name}.wasm`, import.meta.url));
    },
    load(id) {
      if (!id.endsWith('.wasm')) return undefined;
      return `export default ${JSON.stringify(readFileSync(id, 'base64'))};`;
    },
  };
}

/** Suites that read files, start processes or run other packages' native code. */
const NODE_ONLY = ['test/node/**', 'test/core/**', 'test/tidy.test.ts'];
/** Suites of what only pages have. */
const PAGE_ONLY = ['test/browser/**'];
/** Suites that run the packed package in every runtime and bundler. */
const RUNTIMES = ['test/runtimes/**'];
/** Suites that take long because they are large. */
const LARGE = ['test/**/*.large.test.ts'];

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

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

/** A page served with these may share memory. The release build is tested without them, as most pages are served. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Random campaigns run at this share of their full size. */
const share = (__SHARE__: number) => ({ __SHARE__ });

const inNode = (build: string, exclude: string[], size: number) => ({
  plugins: [core(build)],
  define: share(size),
  test: {
    name: `node-${build}`,
    include: ['test/**/*.test.ts'],
    exclude: [...RUNTIMES, ...PAGE_ONLY, ...exclude],
    // Says which recipes are left out.
    globalSetup: build === 'release' ? ['test/node/recipes/servers.ts'] : [],
    setupFiles: ['test/node/refuse-stale-build.ts'],
    testTimeout: 60_000,
  },
});

const inChromium = (build: string) => ({
  plugins: [core(build)],
  define: { ...share(0.2), __ISOLATED__: build !== 'release' },
  server: { headers: build === 'release' ? {} : ISOLATED },
  test: {
    name: `chromium-${build}`,
    include: ['test/**/*.test.ts'],
    exclude: [...RUNTIMES, ...NODE_ONLY],
    testTimeout: 60_000,
    browser: browser(),
  },
});

const inRuntimes = {
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
};

/** All builds, Chromium, the runtimes, the large suites, and random campaigns in full. */
function everything() {
  if (!chromium) console.log('No Chromium found: the suites run in Node only.');
  return [
    ...BUILDS.map((build) => inNode(build, build === 'release' ? [] : NODE_ONLY, build === 'release' ? 1 : 0.2)),
    ...(chromium ? BUILDS : []).map(inChromium),
    inRuntimes,
  ];
}

/** `npm test` runs the release build in Node, `npm run test:all` everything, `npm run one` the debug build. */
export default defineConfig(({ mode }) => {
  const isAll = mode === 'all' || process.env.TESTS === 'all';
  const build = mode === 'one' ? 'debug' : 'release';
  // `npm run one -- sessions.large` asks for a large suite by its name.
  const isLarge = process.argv.some((argument) => argument.includes('large'));
  return {
    test: {
      maxWorkers: availableParallelism(),
      projects: isAll ? everything() : [inNode(build, isLarge ? [] : LARGE, 0.1)],
    },
  };
});

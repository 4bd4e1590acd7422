/** Finds the runtimes, bundlers and browsers that are installed, and runs files in the runtimes. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Finds a file among the packages in `tools`. */
export function installed(path: string): string | undefined {
  const file = fileURLToPath(new URL(`./tools/node_modules/${path}`, import.meta.url));
  return existsSync(file) ? file : undefined;
}

const library = process.arch === 'arm64' ? '/usr/lib/aarch64-linux-gnu' : '/usr/lib/x86_64-linux-gnu';

export const shells: Record<string, string | undefined> = {
  'Node 20': process.versions.node.startsWith('20.') ? process.execPath : undefined,
  'Node 22': installed('node-22/bin/node'),
  'Node 24': installed('node-24/bin/node'),
  'Node 26': installed('node-26/bin/node'),
  Bun: installed('@oven/bun-linux-x64-baseline/bin/bun'),
  Deno: installed('@deno/linux-x64-glibc/deno'),
};

/** Packages that the suites import. */
export const tools: Record<string, string | undefined> = {
  workerd: installed('miniflare/dist/src/index.js'),
  'Vite 7': installed('vite-7/dist/node/index.js'),
  webpack: installed('webpack/lib/index.js'),
  Rollup: installed('rollup/dist/es/rollup.js'),
};

export const browsers: Record<string, string | undefined> = {
  Chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync),
  Firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync),
  WebKit: existsSync('/usr/bin/Xvfb')
    ? ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'].map((at) => `${library}/${at}/MiniBrowser`).find(existsSync)
    : undefined,
};

/** Runs a program and parses what it prints. @throws if it writes to stderr */
export async function run(shell: string, given: string[], cwd: string): Promise<unknown> {
  const bounds = { maxBuffer: 2 ** 26, timeout: 100_000, killSignal: 'SIGKILL' as const };
  const { stdout, stderr } = await promisify(execFile)(shell, given, { cwd, ...bounds });
  if (stderr) throw new Error(stderr);
  return JSON.parse(stdout);
}

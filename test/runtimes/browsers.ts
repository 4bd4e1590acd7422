/** Browsers need no driver here: a page tells its own server what came of it (pages.ts). */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browsers } from './runtimes';

const CHROMIUM = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const FIREFOX_WITHOUT = [
  'app.normandy.enabled',
  'browser.aboutwelcome.enabled',
  'datareporting.policy.dataSubmissionEnabled',
];

/** Opens a page in a browser with a profile of its own; what is given back ends it. */
export async function open(name: string, page: string): Promise<() => Promise<void>> {
  const path = browsers[name] as string;
  const profile = mkdtempSync(join(tmpdir(), 'oriel-browser-'));
  const started: ChildProcess[] = [];
  const start = (command: string, given: string[], env: Record<string, string> = {}) => {
    // Detached: with all processes of its own, which end with it.
    const child = spawn(command, given, {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    started.unshift(child);
    return child;
  };

  if (name === 'Chromium') {
    start(path, [...CHROMIUM, `--user-data-dir=${profile}`, page]);
  } else if (name === 'Firefox') {
    const prefs = FIREFOX_WITHOUT.map((pref) => `user_pref('${pref}', false);\n`);
    writeFileSync(join(profile, 'user.js'), prefs.join(''));
    start(path, ['--headless', '--no-remote', '--profile', profile, page]);
  } else {
    const screen = start('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp']);
    const [display] = await once(screen.stdio[3] as NodeJS.ReadableStream, 'data');
    // Safari has shared memory on isolated pages; WebKit for GTK has to be told that it may.
    const shares: Record<string, string> = page.includes('/isolated/') ? { JSC_useSharedArrayBuffer: '1' } : {};
    start(path, ['--private', page], { DISPLAY: `:${String(display).trim()}`, ...shares });
  }

  return async () => {
    for (const child of started) {
      const exit = once(child, 'exit');
      process.kill(-(child.pid as number), 'SIGTERM');
      const clock = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), 3000);
      await exit;
      clearTimeout(clock);
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  };
}

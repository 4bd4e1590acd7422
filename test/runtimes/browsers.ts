/** Opens pages in browsers. No driver is needed: a page sends its results to its own server (pages.ts). */

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

/** Opens a page in a browser until `done`. The browser has its own profile, which is removed. */
export async function browse(name: string, page: string, done: Promise<void>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'oriel-browser-'));
  const started: Started[] = [];
  const start = (command: string, given: string[], env = {}) => {
    const one = new Started(command, given, { ...process.env, HOME: profile, TMPDIR: profile, ...env });
    started.unshift(one);
    return one;
  };

  try {
    const path = browsers[name] as string;
    if (name === 'Chromium') {
      start(path, [...CHROMIUM, `--user-data-dir=${profile}`, page]);
    } else if (name === 'Firefox') {
      const prefs = FIREFOX_WITHOUT.map((pref) => `user_pref('${pref}', false);\n`);
      writeFileSync(join(profile, 'user.js'), prefs.join(''));
      start(path, ['--headless', '--no-remote', '--profile', profile, page]);
    } else {
      const screen = start('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp']);
      const [display] = await Promise.race([once(screen.child.stdio[3] as NodeJS.ReadableStream, 'data'), screen.died]);
      // WebKit for GTK shares memory on isolated pages, as Safari does, only if it is told to.
      const shares = page.includes('/isolated/') ? { JSC_useSharedArrayBuffer: '1' } : {};
      start(path, ['--private', page], { DISPLAY: `:${String(display).trim()}`, ...shares });
    }
    await Promise.race([done, ...started.map(({ died }) => died)]);
  } finally {
    for (const one of started) await one.end();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** A process and its children. They end with it, and it ends with this process. */
class Started {
  readonly child: ChildProcess;
  /** Rejects when the process ends. */
  readonly died: Promise<never>;
  #words = '';

  constructor(command: string, given: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...given], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env,
    });
    this.child.stderr?.on('data', (words) => {
      this.#words = `${this.#words}${words}`.slice(-2000);
    });
    this.died = once(this.child, 'exit').then(([code, signal]) => {
      throw new Error(`${command} has ended (${code ?? signal}): ${this.#words}`);
    });
    this.died.catch(() => {});
  }

  async end(): Promise<void> {
    const clock = setTimeout(() => this.#signal('SIGKILL'), 3000);
    this.#signal('SIGTERM');
    await this.died.catch(() => {});
    clearTimeout(clock);
    this.#signal('SIGKILL');
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid as number), name);
    } catch {
      // The whole group has ended.
    }
  }
}

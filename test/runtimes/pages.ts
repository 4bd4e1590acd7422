/** A server of pages. Each page sends it the results of its program, and is told the page to open next. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { browse } from './browsers';

/** Allows scripts of the page's own server, WebAssembly and the import map. */
const POLICY = "default-src 'self'; script-src 'self' 'nonce-oriel' 'wasm-unsafe-eval'";

/** The headers of a page, by the first part of its path. */
const HEADERS: Record<string, Record<string, string>> = {
  plain: { 'Content-Security-Policy': POLICY },
  isolated: {
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  },
  /** Forbids WebAssembly too. */
  strict: { 'Content-Security-Policy': POLICY.replace(" 'wasm-unsafe-eval'", '') },
};

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html', '.wasm': 'application/wasm' };

/** Reports failures that come before a program can report them. */
const ERRORS = `addEventListener('error', ({ message, target }) => {
  const body = JSON.stringify({ error: message ?? target.src + ' cannot be loaded' });
  const said = fetch('/said' + location.pathname, { method: 'POST', body });
  said.then(async (next) => location.replace(await next.text()));
}, true);`;

/** The import map of programs that are not bundled. */
const PACKAGES = JSON.stringify({
  imports: {
    oriel: '/plain/node_modules/oriel/dist/index.js',
    'oriel/': '/plain/node_modules/oriel/dist/',
    'oriel/slim': '/plain/node_modules/oriel/dist/slim.js',
    '@assemblyscript/loader': '/plain/node_modules/@assemblyscript/loader/index.js',
  },
});

/** The results of pages by their paths. */
export type Said = Map<string, { error?: string }>;

/** How long to wait for one page. */
const PATIENCE_MS = 90_000;

/** Serves a folder: `/isolated/out/vite/main.html` is a page with the script `out/vite/main.js`. */
export class Pages {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #said: Said = new Map();
  #next = (): string => 'about:blank';

  constructor(readonly folder: string) {}

  async start(): Promise<this> {
    this.#server.listen(0, 'localhost');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Opens pages in a browser, and gives their results by path. Pages of other servers must send theirs to this one. */
  async visit(browser: string, pages: string[]): Promise<Said> {
    this.#said = new Map();
    const urls = pages.map((page) => new URL(page, this.origin));
    let clock: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve) => {
      this.#next = () => {
        const next = urls.find(({ pathname }) => !this.#said.has(pathname));
        clearTimeout(clock);
        // A page that stays silent ends the visit: it and all later pages have no results.
        if (next) clock = setTimeout(resolve, PATIENCE_MS);
        else resolve();
        return next?.href ?? 'about:blank';
      };
    });
    try {
      await browse(browser, this.#next(), done);
    } finally {
      clearTimeout(clock);
    }
    return this.#said;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url as string, this.origin);
    if (pathname.startsWith('/said/')) {
      const page = pathname.slice('/said'.length);
      const body = (await request.setEncoding('utf8').toArray()).join('');
      if (!this.#said.has(page)) this.#said.set(page, JSON.parse(body));
      response.end(this.#next());
      return;
    }
    const [, kind = '', ...path] = pathname.split('/');
    const body = await this.#file(path.join('/')).catch(() => undefined);
    const type = TYPES[extname(pathname)] ?? 'text/plain';
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type, ...HEADERS[kind] });
    response.end(body);
  }

  async #file(path: string): Promise<string | Buffer> {
    if (path.endsWith('errors.js')) return ERRORS;
    if (!path.endsWith('.html')) return readFile(join(this.folder, path));
    const script = path.replace(/^.*\/|\.html$/g, '');
    return `<!doctype html>
      <meta charset="utf-8">
      <script src="errors.js"></script>
      <script type="importmap" nonce="oriel">${PACKAGES}</script>
      <script type="module" src="${script}.js"></script>`;
  }
}

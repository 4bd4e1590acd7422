import * as oriel from 'oriel';
import module from 'oriel/core.wasm';
import * as slim from 'oriel/slim';
import { everything, slimly, specOf } from './program.js';

// Cloudflare allows less outside handlers; a stream may be created there all the same.
oriel.windowed(specOf(oriel))[Symbol.dispose]();

const noThread = () => Promise.reject('none');

export default {
  async fetch({ url }: Request): Promise<Response> {
    const isSlim = new URL(url).pathname === '/slim';
    return Response.json(await (isSlim ? slimly(slim, module) : everything(oriel, noThread)));
  },
};

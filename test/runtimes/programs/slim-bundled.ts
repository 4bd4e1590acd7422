/** oriel/slim with the core as a separate file, at the URL that a bundler gives it. */

import url from 'oriel/core.wasm';
import * as oriel from 'oriel/slim';
import { slimly } from './program.js';
import { say } from './say.js';

const here = import.meta.url;
say(() => slimly(oriel, new URL(url as unknown as string, here)));

/** The core as a file of its own, as bundlers give its place where they are told to. */

import url from 'oriel/core.wasm';
import * as oriel from 'oriel/slim';
import { slimly } from './program.js';
import { say } from './say.js';

const here = import.meta.url;
say(() => slimly(oriel, new URL(url as unknown as string, here)));

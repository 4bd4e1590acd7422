import url from 'oriel/core.wasm?url';
import * as oriel from 'oriel/slim';
import { slimly } from './program.js';
import { say } from './say.js';

say(() => slimly(oriel, new URL(url, import.meta.url)));

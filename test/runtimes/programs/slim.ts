import * as oriel from 'oriel/slim';
import { slimly } from './program.js';
import { say } from './say.js';

say(() => slimly(oriel, import.meta.resolve('oriel/core.wasm')));

import * as oriel from 'oriel';
import { everything } from './program.js';
import { say } from './say.js';
import { startThread } from './threads.js';

say(() => everything(oriel, startThread));

import * as oriel from 'oriel';
import { onOneThread } from './program.js';
import { say } from './say.js';

say(() => ({ here: onOneThread(oriel) }));

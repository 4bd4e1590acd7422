const oriel = require('oriel');
const { everything } = require('./program.js');
const { say } = require('./say.js');
const { startThread } = require('./threads.js');

say(() => everything(oriel, startThread));

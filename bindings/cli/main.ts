#!/usr/bin/env node
/** The `oriel` command: aggregates lines of events in windows. */

import { readFileSync } from 'node:fs';
import { HELP } from './help';
import { readOptions } from './options';
import { run } from './run';
import { printable, UsageError } from './usage-error';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(HELP);
  else if (options === 'version') process.stdout.write(`${version()}\n`);
  else process.exitCode = await run(options);
} catch (error) {
  const isKnown = error instanceof UsageError || (error as { name?: string }).name === 'OrielError';
  const message = isKnown ? (error as Error).message : (error as Error).stack;
  process.stderr.write(`oriel: ${printable(message ?? String(error))}\n`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

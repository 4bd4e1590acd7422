/** Facts that are measured once: start-up time, size of the core, memory. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { count, hopping, max, min, sum, windowed } from 'oriel';
import type { Cell, Fact } from '../contest';

const SPAWNS = 15;
const KEYS = 100_000;
const SLICES = 60;

/** A program that prints the milliseconds from the start of its import to its first result. */
const FIRST_RESULT = `
  const before = performance.now();
  const { windowed, tumbling, count } = await import('oriel');
  const stream = windowed({ time: 'at', key: 'user', window: tumbling(1000), aggregates: { visits: count() } });
  stream.push({ at: 0, user: 'ada' });
  stream.push({ at: 1000, user: 'ada' });
  if (stream.take().length !== 1) throw new Error('no result');
  console.log(performance.now() - before);
`;

function start(): Fact[] {
  const cwd = new URL('../..', import.meta.url);
  const times = Array.from({ length: SPAWNS }, () => {
    return Number(
      execFileSync(process.execPath, ['--input-type=module', '--eval', FIRST_RESULT], { cwd, encoding: 'utf8' }),
    );
  });
  times.sort((a, b) => a - b);
  const core = readFileSync(createRequire(import.meta.url).resolve('oriel/core.wasm'));
  return [
    { name: `import to first result, median of ${SPAWNS} processes`, value: times[SPAWNS >> 1] as number, unit: 'ms' },
    {
      name: 'the fastest and the slowest of them',
      value: times[0] as number,
      unit: `– ${times.at(-1)?.toFixed(1)} ms`,
    },
    { name: 'core.wasm, gzipped', value: gzipSync(core, { level: 9 }).length / 1000, unit: 'kB' },
    { name: 'core.wasm', value: core.length / 1000, unit: 'kB' },
  ];
}

function memory(): Fact[] {
  const stream = windowed({
    time: 'at',
    key: 'key',
    window: hopping(SLICES, 1),
    aggregates: { count: count(), sum: sum('value'), min: min('value'), max: max('value') },
  });
  const empty = stream.stats().bytes;
  const key = Float64Array.from({ length: KEYS }, (_, id) => id);
  const value = key.map((id) => id / 7);
  for (let slice = 0; slice < SLICES; slice++) {
    stream.pushColumns({ at: new Float64Array(KEYS).fill(slice), key, value });
    stream.take();
  }
  const { bytes, liveKeys, liveSlices } = stream.stats();
  stream[Symbol.dispose]();
  return [
    { name: 'live keys', value: liveKeys, unit: '' },
    { name: 'live slices', value: liveSlices, unit: '' },
    { name: 'memory of the stream', value: bytes / 1e6, unit: 'MB' },
    { name: 'of which before the first event', value: empty / 1e6, unit: 'MB' },
    { name: 'memory a live (key, slice), all included', value: bytes / (KEYS * SLICES), unit: 'bytes' },
  ];
}

export const facts: Cell[] = [
  { name: 'start', title: 'start-up and size', facts: start },
  { name: 'memory', title: 'count + sum + min + max, 100,000 keys in each of 60 slices', facts: memory },
];

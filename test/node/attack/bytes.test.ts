/**
 * Catches bytes from outside that end the command or a call in another way than documented, or that are read wrongly.
 * What the campaign of bytes.ts has found has a test of its own here.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { tableFromArrays } from 'apache-arrow';
import { expect, test } from 'vitest';
import { count, everything, sum, windowed } from '../../../bindings';
import { pushArrow } from '../../../bindings/arrow';
import { runRounds } from '../../attack/campaign';
import { FIRST_SEED, random, refused, runs } from '../../support/helpers';
import { ARGUMENTS, bytes, textOf } from './bytes';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

async function run(args: readonly string[], input: Uint8Array) {
  const child = spawn(process.execPath, [CLI, ...args]);
  // A command that ends before it has read its input closes the pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'exit');
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

test('whatever bytes come, good lines are in their windows and bad ones are counted', async () => {
  await runRounds('bytes', bytes, 3000);
}, 3_600_000);

test('whatever bytes come, the command ends with 0 or 1, and shows no stack', async () => {
  for (let seed = FIRST_SEED, end = seed + runs(100); seed < end; seed++) {
    const isJson = seed % 2 === 0;
    const input = textOf(isJson, random(seed));
    const { code, stderr } = await run(['--from', isJson ? 'ndjson' : 'csv', ...ARGUMENTS], input);
    expect([0, 1]).toContain(code);
    expect(stderr).not.toMatch(/^ +at /m);
    for (const line of stderr.trim().split('\n')) expect(line).toMatch(/^(oriel: .*)?$/s);
  }
}, 3_600_000);

test('a number of CSV that is too large for a double is no time, and infinite as a measure', async () => {
  const input = Buffer.from('at,user,ms,path\n1e400,ada,1,/\n2,ada,1e400,/\n-1e400,ada,1,/\n');
  const { code, stdout, stderr } = await run(['--from', 'csv', ...ARGUMENTS], input);
  expect([code, stdout]).toEqual([0, '{"start":0,"end":1000,"user":"ada","n":1,"s":null,"f":"/"}\n']);
  expect(stderr.split('\n').slice(0, 2)).toEqual([
    'oriel: stdin:2: column "at": expected a time, as a number or an ISO date, got "1e400"; skipped',
    'oriel: stdin:4: column "at": expected a time, as a number or an ISO date, got "-1e400"; skipped',
  ]);
});

test('a carriage return may stand wherever JSON has space', async () => {
  const { code, stdout, stderr } = await run(
    ARGUMENTS,
    Buffer.from('{"at"\r:\r1\r,"user"\r:"ada"\r,\r"ms":2\r}\n'.repeat(3)),
  );
  expect([code, stdout]).toEqual([0, '{"start":0,"end":1000,"user":"ada","n":3,"s":6,"f":null}\n']);
  expect(stderr).toBe('oriel: no event has a value for path\n');
});

test('a damaged chunk of Arrow, with less than it says, is refused whole', () => {
  using stream = windowed({ time: 'at', key: 'user', window: everything(), aggregates: { s: sum('v'), n: count() } });
  const make = () => tableFromArrays({ at: Float64Array.of(1, 2), user: ['ada', 'bob'], v: Float64Array.of(5, 6) });
  for (let column = 0; column < 3; column++) {
    const table = make();
    for (const { data } of table.batches) Object.assign(data.children[column] as object, { length: 1000 });
    refused('ERR_ORIEL_COLUMN', () => pushArrow(stream, table));
  }
  pushArrow(stream, make());
  expect([...stream.close()].map(({ user, s, n }) => [user, s, n])).toEqual([
    ['ada', 5, 1],
    ['bob', 6, 1],
  ]);
});

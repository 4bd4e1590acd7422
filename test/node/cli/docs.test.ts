/** Catches commands in docs/command-line.md that print something else than the page shows. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

test('every command in the documentation prints what the page shows', async () => {
  const text = await readFile(file('docs/command-line.md'), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'oriel-docs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const blocks = [...text.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    (block as string).split(/^\$ /m).slice(1),
  );
  const commands = blocks.map(
    (block) => [block.slice(0, block.indexOf('\n')), block.slice(block.indexOf('\n') + 1)] as const,
  );
  const events = commands.find(([command]) => command === 'cat events.ndjson')?.[1] as string;
  await writeFile(join(folder, 'events.ndjson'), events);
  const define = `oriel() { "${process.execPath}" "${file('dist/cli.js')}" "$@"; }`;
  expect(commands.length).toBeGreaterThan(7);
  for (const [command, expected] of commands) {
    const run = promisify(execFile)('sh', ['-c', `${define}\n${command}`], { cwd: folder });
    const { stdout } = await run.catch((failed: { stdout: string }) => failed);
    expect({ command, stdout }).toEqual({ command, stdout: expected });
  }
});

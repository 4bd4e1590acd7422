/**
 * Notes what the package was built from. `npm run build` calls this before and after it builds: the hash of the sources
 * that it has read is noted only if the build succeeds, so that what was built from other sources is known to be stale.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STAMP = join(ROOT, 'build/sources.sha256');
const PENDING = `${STAMP}.pending`;

function hashOfSources(): string {
  const folders = ['assembly', 'bindings'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const files = [...folders.filter((path) => path.endsWith('.ts')), 'asconfig.json', 'tsdown.config.ts'].sort();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

/** Whether the package in dist/ was built from the sources as they are. */
export function isFresh(): boolean {
  try {
    return readFileSync(STAMP, 'utf8') === hashOfSources();
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'done') {
    renameSync(PENDING, STAMP);
  } else {
    rmSync(STAMP, { force: true });
    mkdirSync(join(ROOT, 'build'), { recursive: true });
    writeFileSync(PENDING, hashOfSources());
  }
}

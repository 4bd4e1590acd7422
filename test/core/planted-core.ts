/** Compiles the core of the debug build from the sources in assembly/, with one edit that must be found out. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { type Edit, edited } from '../support/edit';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BINARY = 'planted.wasm';

/** As for `npm run build:debug`, but for the files that it writes. */
const { entries, options, targets } = JSON.parse(readFileSync(join(ROOT, 'asconfig.json'), 'utf8'));
const OPTIONS = Object.entries({ ...options, debug: targets.debug.debug, outFile: BINARY, config: 'none' }).flatMap(
  ([name, value]) => (value === true ? [`--${name}`] : [value].flat().flatMap((one) => [`--${name}`, String(one)])),
);

/** @throws where the edit does not match exactly once, or the core does not compile */
export async function compileCore(edit?: Edit): Promise<WebAssembly.Module> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  let isEdited = !edit;
  const readFile = (name: string, folder: string) => {
    let source: string;
    try {
      source = readFileSync(join(folder, name), 'utf8');
    } catch {
      // The compiler tries several names for an import.
      return null;
    }
    if (!edit || name !== join('assembly', edit.file)) return source;
    isEdited = true;
    return edited(source, edit);
  };
  const writeFile = (name: string, contents: Uint8Array | string) => {
    if (name === BINARY) binary = new Uint8Array(contents as Uint8Array);
  };
  const { error, stderr } = await asc.main([...entries, 'assembly/check.ts', '--baseDir', ROOT, ...OPTIONS], {
    readFile,
    writeFile,
    listFiles: () => null,
  });
  if (error || !binary) throw new Error(`the core does not compile: ${error?.message} ${stderr}`);
  if (!isEdited) throw new Error(`the core does not read ${edit?.file}`);
  return new WebAssembly.Module(binary);
}

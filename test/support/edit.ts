/** Edits of sources that plant a fault, for tests of tests. */

/** A change of one source: `find` must stand in it exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** @throws where the edit matches no place, or several */
export function edited(source: string, { file, find, replace }: Edit): string {
  const matches = source.split(find).length - 1;
  if (matches !== 1) throw new Error(`the edit must match ${file} once, not ${matches} times: ${find}`);
  return source.replace(find, () => replace);
}

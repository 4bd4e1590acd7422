/** What `query` is asked, and how its answers are named, on every kind of stream. */

import { OrielError, show } from '../base/errors';
import { checkTime } from '../input/columns';
import type { CheckedSpec } from '../spec/check';

/**
 * The parts of the key that is asked for.
 * @throws {OrielError} ERR_ORIEL_COLUMN if the stream has other keys, ERR_ORIEL_TIME if `at` is no time of the stream
 */
export function checkQuery({ keys, timeLimit }: CheckedSpec, key: unknown, at: number | undefined): unknown[] {
  const parts = keys.length === 0 ? [] : keys.length === 1 ? [key] : Array.isArray(key) ? [...key] : key;
  if (!Array.isArray(parts) || parts.length !== keys.length || (keys.length === 0 && key !== undefined)) {
    const accepted = keys.length
      ? `a value for each of ${keys.map(show).join(', ')}`
      : 'nothing: the stream has no key';
    throw new OrielError('ERR_ORIEL_COLUMN', `query: expected ${accepted}, got ${show(key)}`);
  }
  if (at !== undefined) checkTime('query', at, timeLimit);
  return parts;
}

/** The answer of the only window, or those of all windows by name, in the order of the spec. */
export function namedAnswers({ windowNames, places }: CheckedSpec, answers: readonly unknown[]): unknown {
  if (!windowNames) return answers[0];
  const named = [...places.keys()].sort((a, b) => (places[a] as number) - (places[b] as number));
  return Object.fromEntries(named.map((w) => [windowNames[w], answers[w]]));
}

/** Options of the calls that wait. */

import { only, reject } from './errors';

/** The signal among the options of a call. @throws {OrielError} ERR_ORIEL_SPEC if an option is invalid */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (typeof options !== 'object' || options === null) reject('options', '{ signal }', options);
  only(options, ['signal'], 'options');
  const { signal } = options as { signal?: AbortSignal };
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    reject('options.signal', 'an AbortSignal', signal);
  }
  return signal;
}

/** Checks a time to wait. @throws {OrielError} ERR_ORIEL_SPEC unless it is a number; Infinity waits for ever */
export function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)) return;
  reject('timeoutMs', 'a number of milliseconds', timeoutMs);
}

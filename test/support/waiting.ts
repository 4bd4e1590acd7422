/** Waiting for a time, and for a refusal that may come later. */

import { expect } from 'vitest';
import { OrielError, type OrielErrorCode } from '../../bindings';

export const later = (ms = 0) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Expects that a call throws or rejects with one of the codes, in a message that has all the parts.
 * For calls that throw at once, `refused` of the helpers does without a promise.
 */
export async function refusedLater(
  codes: OrielErrorCode | readonly OrielErrorCode[],
  run: () => unknown,
  ...parts: string[]
): Promise<void> {
  const error = await (async () => run())().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OrielError);
  const { code, message } = error as OrielError;
  expect([codes].flat(), message).toContain(code);
  for (const part of parts) expect(message).toContain(part);
}

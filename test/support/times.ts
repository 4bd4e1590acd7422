/** Lengths of time in milliseconds, and instants as text. */

import { Temporal } from 'temporal-polyfill';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Milliseconds since the epoch of an instant in ISO 8601. */
export function ms(instant: string): number {
  return Temporal.Instant.from(instant).epochMilliseconds;
}

/** The instant in ISO 8601, in UTC. */
export function utc(t: number): string {
  return Temporal.Instant.fromEpochMilliseconds(t).toString();
}

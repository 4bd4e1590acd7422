/**
 * A rate limiter: each user gets at most five requests through in any minute. The clock here is simulated; by default
 * it is Date.now.
 */

import { count, rolling, windowed } from 'oriel';

let now = 0;
const passed = windowed({ key: 'user', window: rolling('1m'), aggregates: { requests: count() }, clock: () => now });

function allow(user: string): boolean {
  if (passed.query(user).requests >= 5) return false;
  passed.push({ user });
  passed.take(); // nobody wants the results, but they would pile up
  return true;
}

// Two minutes in which ada asks every eight seconds, and grace every twenty-five.
for (now = 0; now <= 120_000; now += 1000) {
  if (now % 8000 === 0) report('ada');
  if (now % 25000 === 0) report('grace');
}

function report(user: string): void {
  console.log(`${String(now / 1000).padStart(4)} s  ${user.padEnd(6)} ${allow(user) ? 'let through' : '–'}`);
}

/** Each user's visits over a sliding minute, live: ten minutes of events in a few seconds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { count, hopping, windowed } from 'oriel';

const visits = windowed({
  time: 'at',
  key: 'user',
  window: hopping('1m', '10s'),
  aggregates: { visits: count() },
  outOfOrder: '2s',
});

for await (const batch of visits.over(visitors())) {
  for (const { end, user, visits: n } of batch) {
    console.log(`${new Date(end).toISOString().slice(11, 19)}  ${String(user).padEnd(7)} ${'▪'.repeat(n)} ${n}`);
  }
}

/** Somebody comes every second or so; the news of it may take two. */
async function* visitors() {
  const users = ['ada', 'grace', 'edsger', 'barbara'];
  for (let at = 0; at < 600_000; at += Math.random() * 2000) {
    await sleep(2);
    yield { at: at - Math.random() * 2000, user: users[Math.floor(Math.random() ** 2 * users.length)] as string };
  }
}

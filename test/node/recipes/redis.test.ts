/** Catches a recipe of Redis that loses or doubles events when it is killed between reading and writing. */

import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directory, type Program, start, until } from './recipes';
import { isThere, type Server, startRedis } from './servers';

const NOON = Date.UTC(2025, 0, 31, 12);
const MINUTE = 60_000;
const EVERY = 10_000;

describe.skipIf(!isThere('redis.mts'))('Redis', () => {
  let server: Server;
  let redis: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await startRedis(directory());
    redis = createClient({ url: server.env.REDIS_URL as string });
    await redis.connect();
  });

  afterAll(async () => {
    await redis?.close();
    await server?.stop();
  });

  const visits = new Map<string, { visits: number; bytes: number }>();

  /** Adds a hundred events a minute, up to ten seconds out of order. Some have no bytes. */
  async function putEvents(fromMinute: number, untilMinute: number) {
    for (let i = fromMinute * 100; i < untilMinute * 100; i++) {
      const at = NOON + i * 600 - ((i * 7919) % 9999);
      await put(at, `page ${(i * i) % 11}`, i % 9 > 0 ? i % 1000 : undefined);
    }
  }

  async function put(at: number, page: string, bytes: number | undefined, isLate = false) {
    await redis.xAdd('events', '*', { at: `${at}`, page, ...(bytes !== undefined && { bytes: `${bytes}` }) });
    if (isLate) return;
    const last = Math.floor(at / EVERY) * EVERY;
    for (let start = last; start > at - MINUTE; start -= EVERY) {
      const window = visits.get(`${start} ${page}`) ?? { visits: 0, bytes: Number.NaN };
      window.visits++;
      if (bytes !== undefined) window.bytes = (Number.isNaN(window.bytes) ? 0 : window.bytes) + bytes;
      visits.set(`${start} ${page}`, window);
    }
  }

  /** Waits until the whole stream has been read and the windows before that minute are written. */
  async function settle(recipe: Program, minute: number) {
    await until(recipe, async () => {
      const [group] = await redis.xInfoGroups('events');
      const reached = Number(await redis.get('visits:watermark'));
      return group?.lag === 0 && reached >= NOON + minute * MINUTE;
    });
  }

  async function countPending() {
    return (await redis.xPending('events', 'visits'))?.pending;
  }

  async function kill(recipe: Program) {
    await recipe.end('SIGKILL');
    return recipe.complaints;
  }

  test('a recipe that is killed between reading and writing loses and doubles nothing', async () => {
    await putEvents(0, 5);
    let recipe = start('redis.mts', [], server.env);
    await settle(recipe, 4);
    await kill(recipe);
    const pending = await countPending();
    // About a minute of events is pending.
    expect(pending).toBeGreaterThan(90);
    expect(pending).toBeLessThan(150);

    // A consumer that was killed at once has read these: events in time, a late one, and an entry that is no event.
    await putEvents(5, 7);
    await put(NOON, 'page 0', 1000, true);
    await redis.xAdd('events', '*', { at: 'noon', page: 'page 0' });
    await putEvents(7, 8);
    await redis.xReadGroup('visits', 'one', { key: 'events', id: '>' }, { COUNT: 250 });
    recipe = start('redis.mts', [], server.env);
    await settle(recipe, 7);
    const complaints = (await kill(recipe)).trim().split('\n').sort();
    expect(complaints).toEqual([
      '1 events came too late for their windows',
      expect.stringMatching(/^entry \d+-\d+ is no event$/),
    ]);

    recipe = start('redis.mts', [], server.env);
    await putEvents(8, 50);
    await put(NOON + 100 * MINUTE, 'last', 0);
    await settle(recipe, 99);
    await kill(recipe);

    const rows = ((await redis.xRange('visits', '-', '+')) ?? []).map((entry) => {
      const { start, end, page, visits, bytes } = entry?.message ?? {};
      expect(Number(end)).toBe(Number(start) + MINUTE);
      return [`${start} ${page}`, { visits: Number(visits), bytes: Number(bytes) }] as const;
    });
    for (const window of visits.keys()) if (window.endsWith('last')) visits.delete(window);
    expect(visits.size).toBeGreaterThan(300);
    expect(rows.length).toBe(visits.size);
    expect(new Map(rows)).toEqual(visits);
    expect(await countPending()).toBe(1);
  });
});

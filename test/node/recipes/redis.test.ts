/** Catches a recipe of Redis that loses or doubles events when it is killed between reading and writing. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, start, until } from './recipes';
import { isThere } from './servers';
import { type RedisShop, redisShop } from './shops';

const NOON = Date.UTC(2025, 0, 31, 12);
const MINUTE = 60_000;

describe.skipIf(!isThere('redis.mts'))('Redis', () => {
  let shop: RedisShop;

  beforeAll(async () => {
    shop = await redisShop();
  });

  afterAll(() => shop?.close());

  /** Waits until the whole stream has been read and the windows before that minute are written. */
  async function settle(recipe: Program, minute: number) {
    await until(recipe, async () => {
      const [group] = await shop.redis.xInfoGroups('events');
      const reached = Number(await shop.redis.get('visits:watermark'));
      return group?.lag === 0 && reached >= NOON + minute * MINUTE;
    });
  }

  async function countPending() {
    return (await shop.redis.xPending('events', 'visits'))?.pending;
  }

  async function kill(recipe: Program) {
    await recipe.end('SIGKILL');
    return recipe.complaints;
  }

  test('a recipe that is killed between reading and writing loses and doubles nothing', async () => {
    await shop.putEvents(0, 5);
    let recipe = start('redis.mts', [], shop.env);
    await settle(recipe, 4);
    await kill(recipe);
    const pending = await countPending();
    // About a minute of events is pending.
    expect(pending).toBeGreaterThan(90);
    expect(pending).toBeLessThan(150);

    // A consumer that was killed at once has read these: events in time, a late one, and an entry that is no event.
    await shop.putEvents(5, 7);
    await shop.put(NOON, 'page 0', 1000, true);
    await shop.redis.xAdd('events', '*', { at: 'noon', page: 'page 0' });
    await shop.putEvents(7, 8);
    await shop.redis.xReadGroup('visits', 'one', { key: 'events', id: '>' }, { COUNT: 250 });
    recipe = start('redis.mts', [], shop.env);
    await settle(recipe, 7);
    const complaints = (await kill(recipe)).trim().split('\n').sort();
    expect(complaints).toEqual([
      '1 events came too late for their windows',
      expect.stringMatching(/^entry \d+-\d+ is no event$/),
    ]);

    recipe = start('redis.mts', [], shop.env);
    await shop.putEvents(8, 50);
    await shop.put(NOON + 100 * MINUTE, 'last', 0);
    await settle(recipe, 99);
    await kill(recipe);

    const [actual, expected] = await shop.bothTables();
    expect(expected.length).toBeGreaterThan(300);
    expect(actual).toEqual(expected);
    expect(await countPending()).toBe(1);
  });
});

/**
 * Catches an exactly-once recipe that loses or doubles events when it is killed at a random moment. `npm run
 * kill-recipes` kills each recipe a hundred times.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { FIRST_SEED, random } from '../../support/helpers';
import { type Program, start } from './recipes';
import { isThere } from './servers';
import { postgresShop, redisShop, type Shop, sqliteShop } from './shops';

const KILLS = Number(process.env.KILLS ?? 10);
/** Of the kills this share comes at any time in the first second, when most recipes are still being loaded. */
const EARLY_KILLS = 0.2;
const MAX_WAIT_MS = 5000;

/** Waits until the recipe has written windows a few times, has ended, or does not go on. */
async function untilWritten(program: Program, shop: Shop, times: number): Promise<void> {
  const until = performance.now() + MAX_WAIT_MS;
  let before = await shop.watermark();
  for (let left = times; left > 0 && program.exitCode === null && performance.now() < until; await sleep(2)) {
    const watermark = await shop.watermark();
    if (watermark > before) left--;
    before = watermark;
  }
}

async function expectRight(shop: Shop): Promise<void> {
  const [actual, expected] = await shop.bothTables();
  expect(actual).toEqual(expected);
}

/** Adds events to a source that is read in the meantime. */
async function addWhile(condition: () => boolean, addMinutes: (n: number) => Promise<void>): Promise<void> {
  for (; condition(); await sleep(50)) await addMinutes(1);
}

const SHOPS: [recipe: string, open: () => Shop | Promise<Shop>][] = [
  ['sqlite.mts', sqliteShop],
  ['postgres.mts', postgresShop],
  ['redis.mts', redisShop],
];

test.each(SHOPS.filter(([recipe]) => recipe === 'sqlite.mts' || isThere(recipe)))(
  `%s, killed ${KILLS} times at random, writes each window once and right`,
  async (_, open) => {
    const shop = await open();
    onTestFinished(() => shop.close());
    const draw = random(FIRST_SEED);
    const restart = () => start(shop.recipe, shop.args, { ...shop.env, BATCH: '100' });
    let minute = 0;
    const addMinutes = (n: number) => {
      minute += n;
      return shop.putEvents(minute - n, minute);
    };
    for (let kills = 0; kills < KILLS; ) {
      const program = restart();
      const adding = shop.isEndless ? addWhile(() => !program.killed, addMinutes) : undefined;
      if (draw() < EARLY_KILLS) await sleep(draw() * 1000);
      else await untilWritten(program, shop, Math.ceil(draw() * 3));
      await sleep(draw() * 20);
      if (program.exitCode === null) {
        await program.end('SIGKILL');
        kills++;
      } else {
        await shop.settle(program);
        await expectRight(shop);
        await addMinutes(5);
      }
      await adding;
    }
    await shop.settle(restart());
    await expectRight(shop);
    expect((await shop.bothTables())[1].length).toBeGreaterThan(20);
  },
  KILLS * 20_000,
);

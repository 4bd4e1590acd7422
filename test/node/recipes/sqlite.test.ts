/** Catches a recipe of SQLite that loses or doubles events when it is stopped, killed, started again or run again. */

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run, start, until } from './recipes';
import { sqliteShop } from './shops';

const NOON = Date.UTC(2025, 0, 31, 12);

test('a recipe that is stopped and killed in the middle of transactions loses and doubles nothing', async () => {
  const { file, db, putEvents, bothTables } = sqliteShop();
  await putEvents(0, 50);
  db.exec('create table progress (name text primary key, watermark real)');
  const watermark = () => {
    const row = db.prepare('select max(watermark) as watermark from progress').get();
    return (row as { watermark: number | null }).watermark;
  };
  const reached: (number | null)[] = [];
  for (const minute of [0, 10, 11, 30]) {
    // From that minute on the recipe may write windows, but not its progress.
    db.exec(`
      drop trigger if exists stop;
      create trigger stop before insert on progress when new.watermark >= ${NOON + minute * 60_000}
        begin select raise(abort, 'stopped here'); end`);
    const recipe = start('sqlite.mts', [file], { BATCH: '100' });
    expect((await recipe.end()).code).toBe(1);
    expect(await recipe.complaints).toContain('stopped here');
    reached.push(watermark());
  }
  db.exec('drop trigger stop');
  expect(reached).toEqual([null, ...reached.slice(1).sort()]);
  expect(new Set(reached).size).toBe(4);

  // While a reader has the file open, nothing can be committed.
  db.exec('begin');
  watermark();
  const recipe = start('sqlite.mts', [file], { BATCH: '100' });
  await until(recipe, async () => existsSync(`${file}-journal`));
  expect((await recipe.end('SIGKILL')).code).toBeNull();
  db.exec('commit');
  expect(watermark()).toBe(reached.at(-1));

  await run('sqlite.mts', [file]);
  const [actual, expected] = await bothTables();
  expect(actual.length).toBe(300);
  expect(actual).toEqual(expected);
});

test('a recipe that runs again takes newer events, and new events of windows that were open', async () => {
  const { file, db, putEvents, bothTables } = sqliteShop();
  await putEvents(0, 3);
  expect(await run('sqlite.mts', [file])).toEqual(['1200 events read, 18 windows written']);
  // The newest event is of 12:02:59.844, so these are just in time.
  db.prepare('insert into events values (?, ?, ?), (?, ?, ?)').run(
    NOON + 119_900,
    'page 1',
    5000,
    NOON + 150_000,
    'new',
    1,
  );
  await putEvents(3, 5);
  await run('sqlite.mts', [file]);
  const [actual, expected] = await bothTables();
  expect(expected.length).toBeGreaterThan(20);
  expect(actual).toEqual(expected);
  // Events of finished windows are not read again.
  db.exec(`delete from events where at < ${NOON + 120_000}`);
  await run('sqlite.mts', [file]);
  expect((await bothTables())[0]).toEqual(expected);
});

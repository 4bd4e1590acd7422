/** Catches a recipe of PostgreSQL that loses or doubles events when it is killed, started again or run again. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run, start, until } from './recipes';
import { isThere } from './servers';
import { type PostgresShop, postgresShop } from './shops';

describe.skipIf(!isThere('postgres.mts'))('PostgreSQL', () => {
  let shop: PostgresShop;

  beforeAll(async () => {
    shop = await postgresShop();
  });

  afterAll(() => shop?.close());

  beforeEach(async () => {
    await shop.db.query('truncate events; drop table if exists visits, progress');
  });

  test('windows are those of a GROUP BY over the table', async () => {
    await shop.putEvents(0, 50);
    expect(await run('postgres.mts', [], shop.env)).toEqual(['20000 events read, 300 windows written']);
    const [actual, expected] = await shop.bothTables();
    expect(actual.length).toBe(300);
    expect(actual).toEqual(expected);
  });

  test('a recipe that is killed in the middle of transactions loses and doubles nothing', async () => {
    await shop.putEvents(0, 50);
    await shop.db.query('create table progress (name text primary key, watermark float8)');
    await shop.db.query(
      `insert into progress values ('visits', extract(epoch from timestamptz '2025-01-31 11:00Z') * 1000)`,
    );
    const other = await shop.connect();
    const reached: number[] = [];
    for (const minute of [0, 10, 11, 30]) {
      // From that minute on the recipe may write windows, but not its progress.
      await other.query(`
        create or replace function wait() returns trigger language plpgsql as $$ begin
          if new.watermark >= extract(epoch from timestamptz '2025-01-31 12:00Z' + interval '${minute} minutes') * 1000
          then perform pg_advisory_xact_lock(1); end if;
          return new;
        end $$;
        create or replace trigger wait before update on progress for each row execute function wait();
        select pg_advisory_lock(1)`);
      const recipe = start('postgres.mts', [], { ...shop.env, BATCH: '100' });
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted and objid = 1`;
      await until(recipe, async () => (await shop.db.query(waiting)).rows.length > 0);
      expect((await recipe.end('SIGKILL')).code).toBeNull();
      await other.query('select pg_advisory_unlock(1)');
      reached.push((await shop.db.query('select watermark from progress')).rows[0].watermark);
    }
    await other.query('drop trigger wait on progress');
    await other.end();
    expect(reached).toEqual([...reached].sort((a, b) => a - b));
    expect(new Set(reached).size).toBe(4);

    await run('postgres.mts', [], shop.env);
    const [actual, expected] = await shop.bothTables();
    expect(expected.length).toBeGreaterThan(20);
    expect(actual).toEqual(expected);
  });

  test('a recipe that runs again takes newer events, and new events of windows that were open', async () => {
    await shop.putEvents(0, 3);
    await run('postgres.mts', [], shop.env);
    // The newest event is of 12:02:59.845, so these are just in time.
    await shop.db.query(
      `insert into events values ('2025-01-31 12:01:59.9Z', 'page 1', 5000), ('2025-01-31 12:02:30Z', 'new', null)`,
    );
    await shop.putEvents(3, 5);
    await run('postgres.mts', [], shop.env);
    const [actual, expected] = await shop.bothTables();
    expect(expected.length).toBeGreaterThan(20);
    expect(actual).toEqual(expected);
    // Events of finished windows are not read again.
    await shop.db.query(`delete from events where at < '2025-01-31 12:02Z'`);
    await run('postgres.mts', [], shop.env);
    expect((await shop.bothTables())[0]).toEqual(expected);
  });
});

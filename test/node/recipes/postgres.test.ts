/** Catches a recipe of PostgreSQL that loses or doubles events when it is killed, started again or run again. */

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { directory, run, start, until } from './recipes';
import { isThere, type Server, startPostgres } from './servers';

describe.skipIf(!isThere('postgres.mts'))('PostgreSQL', () => {
  let server: Server;
  let db: pg.Client;

  beforeAll(async () => {
    server = await startPostgres(directory());
    db = await connect();
    await db.query('create table events (at timestamptz, page text, bytes float8); create index on events (at)');
  });

  afterAll(async () => {
    await db?.end();
    await server?.stop();
  });

  beforeEach(async () => {
    await db.query('truncate events; drop table if exists visits, progress');
  });

  async function connect(): Promise<pg.Client> {
    const { PGHOST: host, PGUSER: user, PGDATABASE: database } = server.env;
    const client = new pg.Client({ host, user, database });
    await client.connect();
    return client;
  }

  /** Inserts 400 events a minute, in no order. Some have no bytes, and one of each minute is at its very beginning. */
  async function putEvents(fromMinute: number, untilMinute: number) {
    await db.query(
      `insert into events
      select
        timestamptz '2025-01-31 12:00Z' + interval '150 ms' * (i - i % 400)
          + interval '1 microsecond' * (i * 7919 % 400 * 149987),
        'page ' || i * i % 11, case when i % 9 > 0 then i % 1000 end
      from generate_series($1::bigint * 400, $2 * 400 - 1) as i order by i * 7919 % 10007`,
      [fromMinute, untilMinute],
    );
  }

  /** Gives the windows in the table, and those that SQL computes. */
  async function bothTables() {
    const actual = await db.query('select * from visits order by window_start, page');
    const expected = await db.query(`
      select date_bin('1 minute', at, '2000-01-01Z') as window_start,
        date_bin('1 minute', at, '2000-01-01Z') + '1 minute' as window_end, page,
        count(*)::float8 as visits, coalesce(sum(bytes), 'NaN') as bytes
      from events group by 1, 2, 3 order by 1, 3`);
    return [actual.rows, expected.rows] as const;
  }

  test('windows are those of a GROUP BY over the table', async () => {
    await putEvents(0, 50);
    expect(await run('postgres.mts', [], server.env)).toEqual(['20000 events read, 300 windows written']);
    const [actual, expected] = await bothTables();
    expect(actual.length).toBe(300);
    expect(actual).toEqual(expected);
  });

  test('a recipe that is killed in the middle of transactions loses and doubles nothing', async () => {
    await putEvents(0, 50);
    await db.query('create table progress (name text primary key, watermark float8)');
    await db.query(
      `insert into progress values ('visits', extract(epoch from timestamptz '2025-01-31 11:00Z') * 1000)`,
    );
    const other = await connect();
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
      const recipe = start('postgres.mts', [], { ...server.env, BATCH: '100' });
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted and objid = 1`;
      await until(recipe, async () => (await db.query(waiting)).rows.length > 0);
      expect((await recipe.end('SIGKILL')).code).toBeNull();
      await other.query('select pg_advisory_unlock(1)');
      reached.push((await db.query('select watermark from progress')).rows[0].watermark);
    }
    await other.query('drop trigger wait on progress');
    await other.end();
    expect(reached).toEqual([...reached].sort((a, b) => a - b));
    expect(new Set(reached).size).toBe(4);

    await run('postgres.mts', [], server.env);
    const [actual, expected] = await bothTables();
    expect(expected.length).toBeGreaterThan(20);
    expect(actual).toEqual(expected);
  });

  test('a recipe that runs again takes newer events, and new events of windows that were open', async () => {
    await putEvents(0, 3);
    await run('postgres.mts', [], server.env);
    // The newest event is of 12:02:59.845, so these are just in time.
    await db.query(
      `insert into events values ('2025-01-31 12:01:59.9Z', 'page 1', 5000), ('2025-01-31 12:02:30Z', 'new', null)`,
    );
    await putEvents(3, 5);
    await run('postgres.mts', [], server.env);
    const [actual, expected] = await bothTables();
    expect(expected.length).toBeGreaterThan(20);
    expect(actual).toEqual(expected);
    // Events of finished windows are not read again.
    await db.query(`delete from events where at < '2025-01-31 12:02Z'`);
    await run('postgres.mts', [], server.env);
    expect((await bothTables())[0]).toEqual(expected);
  });
});

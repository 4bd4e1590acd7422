/**
 * Shops: the sources and targets of the recipes that write exactly once. A shop fills the source of its recipe with
 * events minute by minute, and compares what the recipe has written with what it should have written.
 */

import { join } from 'node:path';
import { createClient } from '@redis/client';
import Database from 'libsql';
import pg from 'pg';
import { directory, type Program, until } from './recipes';
import { startPostgres, startRedis } from './servers';

const NOON = Date.UTC(2025, 0, 31, 12);
const MINUTE = 60_000;

export interface Shop {
  readonly recipe: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** Whether the recipe goes on for ever; else it ends when it has read all events. */
  readonly isEndless: boolean;
  /** Adds the events of some minutes after noon. */
  putEvents(fromMinute: number, untilMinute: number): Promise<void>;
  /** The watermark up to which windows are written, -Infinity if there is none. */
  watermark(): Promise<number>;
  /** The windows that the recipe has written, and those that it should have written. */
  bothTables(): Promise<readonly [actual: unknown[], expected: unknown[]]>;
  /** Lets the recipe write all windows of the events that there are, and waits for its end. */
  settle(program: Program): Promise<void>;
  close(): Promise<void>;
}

/** Events come in no order. Some have no bytes, and one of each minute is at its very beginning. */
const EVENTS_PER_MINUTE = 400;

async function untilEnd(program: Program): Promise<void> {
  const { code } = await program.end();
  if (code !== 0) throw new Error(`the recipe has ended with ${code}: ${await program.complaints}`);
}

export interface SqliteShop extends Shop {
  readonly file: string;
  readonly db: Database.Database;
}

export function sqliteShop(): SqliteShop {
  const file = join(directory(), 'shop.db');
  const db = new Database(file);
  db.exec(
    `pragma busy_timeout = 10000;
    create table events (at integer, page text, bytes real);
    create index by_time on events (at)`,
  );
  return {
    recipe: 'sqlite.mts',
    args: [file],
    env: {},
    isEndless: false,
    file,
    db,
    async putEvents(fromMinute, untilMinute) {
      const put = db.prepare('insert into events values (?, ?, ?)');
      const from = fromMinute * EVENTS_PER_MINUTE;
      const events = untilMinute * EVENTS_PER_MINUTE - from;
      db.exec('begin');
      for (let n = 0; n < events; n++) {
        const i = from + ((n * 7919) % events);
        const at =
          NOON + Math.floor(i / EVENTS_PER_MINUTE) * MINUTE + (((i * 7919) % EVENTS_PER_MINUTE) * 149_987) / 1000;
        put.run(Math.floor(at), `page ${(i * i) % 11}`, i % 9 > 0 ? i % 1000 : null);
      }
      db.exec('commit');
    },
    async watermark() {
      if (!db.prepare(`select name from sqlite_master where name = 'progress'`).get()) return Number.NEGATIVE_INFINITY;
      const row = db.prepare('select max(watermark) as watermark from progress').get() as { watermark: number | null };
      return row.watermark ?? Number.NEGATIVE_INFINITY;
    },
    async bothTables() {
      const actual = db.prepare('select * from visits order by start, page').all();
      const expected = db.prepare(
        `select at / 60000 * 60000 as start, at / 60000 * 60000 + 60000 as "end", page,
          count(*) as visits, sum(bytes) as bytes
        from events group by start, page order by start, page`,
      );
      return [actual, expected.all()];
    },
    settle: untilEnd,
    async close() {
      db.close();
    },
  };
}

export interface PostgresShop extends Shop {
  readonly db: pg.Client;
  connect(): Promise<pg.Client>;
}

export async function postgresShop(): Promise<PostgresShop> {
  const server = await startPostgres(directory());
  const { PGHOST: host, PGUSER: user, PGDATABASE: database } = server.env;
  const connect = async () => {
    const client = new pg.Client({ host, user, database });
    await client.connect();
    return client;
  };
  const db = await connect();
  await db.query('create table events (at timestamptz, page text, bytes float8); create index on events (at)');
  return {
    recipe: 'postgres.mts',
    args: [],
    env: server.env,
    isEndless: false,
    db,
    connect,
    async putEvents(fromMinute, untilMinute) {
      await db.query(
        `insert into events
        select
          timestamptz '2025-01-31 12:00Z' + interval '150 ms' * (i - i % 400)
            + interval '1 microsecond' * (i * 7919 % 400 * 149987),
          'page ' || i * i % 11, case when i % 9 > 0 then i % 1000 end
        from generate_series($1::bigint * 400, $2 * 400 - 1) as i order by i * 7919 % 10007`,
        [fromMinute, untilMinute],
      );
    },
    async watermark() {
      const { rows } = await db.query(`select to_regclass('progress') as progress`);
      if (!rows[0].progress) return Number.NEGATIVE_INFINITY;
      return (await db.query('select watermark from progress')).rows[0]?.watermark ?? Number.NEGATIVE_INFINITY;
    },
    async bothTables() {
      const actual = await db.query('select * from visits order by window_start, page');
      const expected = await db.query(`
        select date_bin('1 minute', at, '2000-01-01Z') as window_start,
          date_bin('1 minute', at, '2000-01-01Z') + '1 minute' as window_end, page,
          count(*)::float8 as visits, coalesce(sum(bytes), 'NaN') as bytes
        from events group by 1, 2, 3 order by 1, 3`);
      return [actual.rows, expected.rows];
    },
    settle: untilEnd,
    async close() {
      await db.end();
      await server.stop();
    },
  };
}

const clientOf = (url: string) => createClient({ url });

export interface RedisShop extends Shop {
  readonly redis: ReturnType<typeof clientOf>;
  put(at: number, page: string, bytes: number | undefined, isLate?: boolean): Promise<void>;
}

export async function redisShop(): Promise<RedisShop> {
  const EVERY = 10_000;
  const server = await startRedis(directory());
  const redis = clientOf(server.env.REDIS_URL as string);
  await redis.connect();
  const visits = new Map<string, { visits: number; bytes: number }>();

  /** Adds an event to the source, and to the windows that should be written unless it is late. */
  async function put(at: number, page: string, bytes: number | undefined, isLate = false): Promise<void> {
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

  const shop: RedisShop = {
    recipe: 'redis.mts',
    args: [],
    env: server.env,
    isEndless: true,
    redis,
    put,
    /** Adds a hundred events a minute, up to ten seconds out of order. Some have no bytes. */
    async putEvents(fromMinute, untilMinute) {
      for (let i = fromMinute * 100; i < untilMinute * 100; i++) {
        const at = NOON + i * 600 - ((i * 7919) % 9999);
        await put(at, `page ${(i * i) % 11}`, i % 9 > 0 ? i % 1000 : undefined);
      }
    },
    async watermark() {
      return Number((await redis.get('visits:watermark')) ?? Number.NEGATIVE_INFINITY);
    },
    /** Windows that are not yet over are expected by neither side. */
    async bothTables() {
      const watermark = await shop.watermark();
      const entries = (await redis.xRange('visits', '-', '+')) ?? [];
      const actual = entries.map((entry) => {
        const { start, end, page, visits, bytes } = entry?.message ?? {};
        return [Number(start), Number(end), page, Number(visits), Number(bytes)] as const;
      });
      const expected = [...visits].map(([key, { visits, bytes }]) => {
        const [start, page] = key.split(/ (.*)/) as [string, string];
        return [Number(start), Number(start) + MINUTE, page, visits, bytes] as const;
      });
      const inOrder = (rows: (readonly [number, number, string | undefined, number, number])[]) =>
        rows
          .filter(([, end]) => end <= watermark)
          .sort((a, b) => a[0] - b[0] || String(a[2]).localeCompare(String(b[2])));
      return [inOrder(actual), inOrder(expected)];
    },
    /** The recipe never ends: an event far ahead makes all others' windows fire. */
    async settle(program) {
      const end = NOON + 1e6 * MINUTE;
      await put(end, 'last', 0);
      await until(program, async () => (await shop.watermark()) >= end - MINUTE);
      await program.end('SIGKILL');
    },
    async close() {
      await redis.close();
      await server.stop();
    },
  };
  return shop;
}

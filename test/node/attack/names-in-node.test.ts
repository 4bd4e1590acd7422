/**
 * Catches names such as `constructor` and `__proto__` that do not come through a worker or the command as harmless ones
 * do. test/attack/names.test.ts pushes the same events on one thread.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { producer } from '../../../bindings';
import {
  batchByRoles,
  byRoles,
  columnsOf,
  eventsOf,
  type Fields,
  HARMLESS,
  hostile,
  NAMES,
  type Names,
  specOf,
} from '../../attack/names';
import { open, TRANSPORTS, type Transport } from '../worker/built-worker';

/** The namings in which one of the roles is called `__proto__`, the worst of all. */
const WORST = [0, 10, 11, 12, 13, 14, 15, 16];
/** Of these, those in which it is the time, the key, a measure or a window: each takes several processes. */
const FEW = [0, 16, 15, 11];

type Worker = Awaited<ReturnType<typeof open>>;

const DOORS: Record<string, (stream: Worker, names: Names) => Promise<void> | void> = {
  push: (stream, names) => {
    for (const event of eventsOf(names, true)) expect(stream.push(event as never)).toBe(1);
  },
  pushRows: (stream, names) => void stream.pushRows(eventsOf(names, true) as never),
  pushColumns: (stream, names) => void stream.pushColumns(columnsOf(eventsOf(names, false), true) as never),
  'a producer': async (stream, names) => {
    const handle = await stream.producer();
    const events = producer(structuredClone(handle, { transfer: handle.transfer }));
    for (const event of eventsOf(names, true)) expect(events.push(event as never)).toBe(1);
    events.close();
    // Its events come by another way than the call that closes the stream.
    await expect.poll(async () => (await stream.stats()).events).toBe(eventsOf(names, true).length);
  },
};

async function told(names: Names, door: (typeof DOORS)[string], transport: Transport, parallelism: number) {
  const late: unknown[] = [];
  // How late events are cut into batches depends on when the worker looks.
  const collected = (batch: Iterable<Fields>) => late.push(...Array.from(batch, (row) => byRoles(names, row)));
  const hasKey = parallelism !== 3;
  const spec = specOf(names, collected, false, hasKey);
  // Several workers do not agree on who is late.
  const given = parallelism > 1 ? { ...spec, outOfOrder: 100 } : spec;
  const stream = (await open(given as never, { transport, parallelism })) as unknown as Worker;
  await door(stream, names);
  // Events of another producer may come after a question.
  const isOrdered = hasKey && door !== DOORS['a producer'];
  const answers = isOrdered ? Object.entries(byRoles(names, (await stream.query('k0' as never)) as object)) : [];
  const asked = answers.map(([name, answer]) => [name, byRoles(names, answer as object)]);
  return { ...batchByRoles(names, (await stream.close()) as never), late, asked };
}

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each(Object.entries(DOORS))('%s of a worker gives the same results under all names', async (_, door) => {
    const expected = await told(HARMLESS, door, transport, 1);
    for (const from of WORST) expect(await told(hostile(from), door, transport, 1), NAMES[from]).toEqual(expected);
  });
});

test.each([
  [2, 'by key'],
  [3, 'without keys'],
])('%i workers that share the events %s give the same results under all names', async (parallelism) => {
  const door = DOORS.pushRows as (typeof DOORS)[string];
  const expected = await told(HARMLESS, door, 'shared', parallelism);
  for (const from of WORST)
    expect(await told(hostile(from), door, 'shared', parallelism), NAMES[from]).toEqual(expected);
});

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

async function command(input: string, ...args: string[]): Promise<Buffer> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part) => parts.push(part));
  child.stdin.end(input);
  expect((await once(child, 'close'))[0]).toBe(0);
  return Buffer.concat(parts);
}

/** The options of a command that names everything so. */
function optionsOf(names: Names): string[] {
  const column = (name: string) => `col(${JSON.stringify(name)})`;
  const aggregates = [
    `"${names.measure}" = sum(${column(names.measure)})`,
    `"${names.text}" = last(${column(names.text)})`,
    `"${names.count}" = count()`,
  ].join(', ');
  const windows = `"${names.window}" = 10, "${names.other}" = 20`;
  return [
    '-t',
    names.time,
    '-k',
    names.key,
    '-w',
    windows,
    '-a',
    aggregates,
    '--where',
    `${column(names.measure)} >= 0`,
  ];
}

/** What the command reads of lines of events, and writes in two formats. */
async function written(names: Names, from: 'ndjson' | 'csv'): Promise<object> {
  const events = eventsOf(names, false);
  const columns = Object.keys(events[0] as Fields);
  const lines = events.map((event) =>
    from === 'ndjson' ? JSON.stringify(event) : columns.map((name) => event[name] ?? '').join(','),
  );
  if (from === 'csv') lines.unshift(columns.join(','));
  const run = (to: string) => {
    const options = ['--from', from, '--out-of-order', '10', '--emit', '5', ...optionsOf(names), '--to', to];
    return command(`${lines.join('\n')}\n`, ...options);
  };
  const roleOf = (name: string) => Object.keys(byRoles(names, Object.fromEntries([[name, 0]])))[0];
  if (from === 'ndjson') {
    const rows = String(await run('ndjson'))
      .trimEnd()
      .split('\n');
    const { schema, numRows } = tableFromIPC(await run('arrow'));
    const fields = schema.fields.map(({ name, type }) => [roleOf(name), String(type)]);
    return { rows: rows.map((line) => byRoles(names, JSON.parse(line))), fields, numRows };
  }
  const [head = '', ...rows] = String(await run('csv'))
    .trimEnd()
    .split('\n');
  return {
    columns: head.split(',').map(roleOf),
    count: rows.length,
    table: String(await run('table')).split('\n').length,
  };
}

test.each(['ndjson', 'csv'] as const)('the command gives the same results of %s under all names', async (from) => {
  const expected = await written(HARMLESS, from);
  for (const at of FEW) expect(await written(hostile(at), from), NAMES[at]).toEqual(expected);
});

test('a window called kind is one of several, and the table has its times as dates', async () => {
  const out = await command('{"at":1}\n', '-t', 'at', '-w', 'kind = 10', '--to', 'table');
  expect(String(out)).toContain('1970-01-01T00:00:00Z');
});

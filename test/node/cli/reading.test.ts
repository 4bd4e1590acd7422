/** Catches rows that depend on how lines are written or on where their bytes are cut. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadLines } from '../../../bindings/cli/read/bad-lines';
import { decodeAll } from '../../../bindings/cli/read/chunks';
import { Batch } from '../../../bindings/cli/read/column-batch';
import { CsvDecoder } from '../../../bindings/cli/read/csv';
import type { Decoder, Task } from '../../../bindings/cli/read/decoder';
import { BadValue, type Field, ofValues } from '../../../bindings/cli/read/fields';
import { getterOf, NdjsonDecoder } from '../../../bindings/cli/read/ndjson';

const FIELDS: Field[] = [
  { name: 'at', use: 'time' },
  { name: 'user', use: 'key' },
  { name: 'ms', use: 'number' },
  { name: 'path', use: 'text' },
  { name: 'of.what', use: 'any' },
];

interface Read {
  rows: unknown[][];
  lines: number[];
  /** The numbers of the lines that were skipped. */
  bad: number[];
  reasons: string[];
}

/** Reads bytes in pieces of a given length. */
async function read(bytes: Buffer, pieces: number, decoderOf: (task: Task) => Decoder, fields = FIELDS): Promise<Read> {
  const batch = new Batch(fields);
  const reasons: string[] = [];
  const badLines = new BadLines(false, () => {});
  const bad: number[] = [];
  badLines.add = (_, line, reason) => {
    bad.push(line);
    reasons.push(reason);
  };
  const task: Task = { file: 'events', fields, unit: 'ms', batch, badLines };
  async function* cut() {
    for (let at = 0; at < bytes.length; at += pieces) yield Buffer.from(bytes.subarray(at, at + pieces));
  }
  const given: Read = { rows: [], lines: [], bad, reasons };
  for await (const _ of decodeAll('events', cut(), () => decoderOf(task))) {
    const columns = Object.values(batch.columns(0, batch.length));
    for (let i = 0; i < batch.length; i++) {
      given.rows.push(columns.map((column) => column[i]));
      given.lines.push(batch.lines[i] as number);
    }
    batch.clear();
  }
  return given;
}

const ndjson = (bytes: Buffer | string, pieces = 64, fields = FIELDS) =>
  read(Buffer.from(bytes as string), pieces, (task) => new NdjsonDecoder(task), fields);
const csv = (bytes: Buffer | string, pieces = 64, fields = FIELDS, delimiter = ',', names?: string[]) =>
  read(Buffer.from(bytes as string), pieces, (task) => new CsvDecoder(task, delimiter, names), fields);

/** The rows of lines of JSON, as JSON.parse defines them. */
function byDefinition(text: string): Omit<Read, 'reasons'> {
  const converts = FIELDS.map((field) => ofValues(field, 'ms'));
  const getters = FIELDS.map(({ name }) => getterOf(name));
  const given: Omit<Read, 'reasons'> = { rows: [], lines: [], bad: [] };
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    try {
      const event = JSON.parse(line);
      if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new BadValue();
      given.rows.push(FIELDS.map((_, f) => converts[f]?.(getters[f]?.(event))));
      given.lines.push(i + 1);
    } catch {
      given.bad.push(i + 1);
    }
  });
  return given;
}

const anyText = fc.oneof(
  fc.constantFrom('ada', '/login', 'ä€😀', 'a "b" \\ c', 'line\nbreak', '', 'x'.repeat(200), 'true', '12'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const anyNumber = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 0.1, 1e300, 5e-324, 123456789012345, 1234567890123456, 9.5, 0.30000000000000004, 1e21),
);
const anyTime = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2e12 }) },
  { weight: 2, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
  fc.constantFrom(
    '2026-01-31T12:00:00Z',
    '2026-02-28 01:02:03',
    '2026-02-28T01:02:03.250',
    '2026-01-01',
    '2026-01-01T00:00+02:00',
    'noon',
    null,
  ),
);
const anyValue = fc.oneof(
  anyText,
  anyNumber,
  fc.boolean(),
  fc.constant(null),
  fc.constant({ deep: [1, { er: 'x' }] }),
  fc.constant([]),
);
const usual = fc.record({ at: anyTime, user: anyText, ms: anyNumber, path: anyText, of: fc.record({ what: anyText }) });
const mixed = fc.record(
  {
    at: anyTime,
    user: anyValue,
    ms: anyValue,
    path: anyValue,
    of: fc.oneof(fc.record({ what: anyValue }), anyValue),
    other: anyValue,
    'of.what': anyValue,
  },
  { requiredKeys: [] },
);
const lines = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: usual.map((event) => JSON.stringify(event)) },
    { weight: 4, arbitrary: mixed.map((event) => JSON.stringify(event)) },
    { weight: 2, arbitrary: usual.map((event) => JSON.stringify(event, null, 1).replaceAll(/\n */g, ' ')) },
    { weight: 1, arbitrary: usual.map((event) => `${JSON.stringify(event)} \r`) },
    { weight: 1, arbitrary: fc.tuple(usual, fc.nat(40)).map(([event, n]) => JSON.stringify(event).slice(0, -n - 1)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        ' ',
        '\r',
        '[]',
        '1',
        '{}',
        '{"at":1,"user":"x","at":2}',
        '{"at":01,"user":"x"}',
        '{"at":1.,"user":"x"}',
        '{"at":1,"user":"\\u0041","ms":1e2}',
        '{"at":1,"user":"a\tb"}',
        '{"at":1,"user":"x","of.what":"whole","of":{"what":"part"}}',
        '{"at":1,"user":"x","of.what":"whole","of":{"what":"whole"}}',
        '{"at":1,"user":"x","of.what":"whole"}',
        '{"at":1,"user":"x","of":["what"]}',
        '{"at":1,"user":"x","of":"what"}',
        '{"at":1e999,"user":"x"}',
        '{"at"\r:\r1\r,"user"\r:"x"\r}',
      ),
    },
  ),
  { maxLength: 30 },
);

test('lines of JSON give their rows wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 300 }), fc.boolean(), async (given, pieces, isEnded) => {
      const text = given.join('\n') + (isEnded ? '\n' : '');
      const { reasons, ...actual } = await ndjson(text, pieces);
      expect(reasons.length).toBe(actual.bad.length);
      expect(actual).toEqual(byDefinition(text));
    }),
    { numRuns: 500, endOnFailure: true },
  );
});

test('the reader of a learned shape reads values as JSON.parse does', async () => {
  // The first line teaches the shape, and all others have it.
  const numbers = [
    '0',
    '-0',
    '1.5',
    '-12.25',
    '1e3',
    '1E-3',
    '2.5e+10',
    '123456789012345678',
    '0.1234567890123456789',
    '1e400',
    '-1',
  ];
  const strings = ['"a"', '"ä"', '"a\\nb"', '"\\u00e4"', '""', '"\\"\\\\"'];
  const bad = ['01', '1.', '.5', '+1', '-', '1e', 'nul', 'truee', '"a\tb"', '"\\x"', "'a'", ''];
  const values = [...numbers, ...strings, 'null', 'true', 'false', ...bad];
  const line = (ms: string, what: string, x: string) =>
    `{"at":1,"user":"u","ms":${ms},"path":"p","of":{"what":${what}},"x":${x}}`;
  const text = [
    line('1', '1', '1'),
    ...values.map((value) => line(value, '1', '1')),
    ...values.map((value) => line('1', value, '1')),
    ...values.map((value) => line('1', '1', value)),
  ].join('\n');
  const { reasons, ...actual } = await ndjson(text, 1000);
  expect(actual).toEqual(byDefinition(text));
  expect(reasons[0]).toBe('column "ms": expected a number or nothing, got "a"');
});

describe('CSV', () => {
  /** A value as a cell of CSV, in quotes if they are needed or always. */
  const quoted = (value: string, always: boolean) =>
    always || /[",\n\r]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
  const cell = fc.oneof(
    fc.constantFrom('ada', 'a,b', 'say "hi"', 'two\nlines', '', ' padded ', 'ä€😀'),
    fc.string({ maxLength: 6 }),
  );
  const row = fc.tuple(
    fc.integer({ min: 0, max: 2e12 }),
    cell,
    fc.oneof(anyNumber, fc.constant('')),
    cell,
    fc.boolean(),
  );

  test('rows are read, quoted or not, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (rows, pieces, newline, isEnded) => {
          const text = ['user,at,path,"of.what",unread,ms']
            .concat(
              rows.map(([at, user, ms, path, all]) =>
                [user, String(at), path, user, 'x', String(ms)].map((one) => quoted(one, all)).join(','),
              ),
            )
            .join(newline);
          const { reasons, ...actual } = await csv(isEnded ? text + newline : text, pieces);
          expect(reasons).toEqual([]);
          expect(actual.rows).toEqual(
            rows.map(([at, user, ms, path]) => [
              at,
              user,
              ms === '' ? Number.NaN : Number(ms) + 0 === 0 ? expect.closeTo(0) : ms,
              path || null,
              user || null,
            ]),
          );
          let line = 2;
          expect(actual.lines).toEqual(
            rows.map(([, user, , path]) => {
              const here = line;
              line += 1 + 2 * (user.split('\n').length - 1) + (path.split('\n').length - 1);
              return here;
            }),
          );
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
  });

  const two: Field[] = [
    { name: 'at', use: 'time' },
    { name: 'v', use: 'number' },
  ];

  test('a quote out of place spoils one line only', async () => {
    const text = 'at,v\n1,1\n"2,2\n3,3\n4,"4"x\n5,"5"\n6,6 "six"\n7,"7\n\n8,8\n';
    expect(await csv(text, 7, two)).toMatchObject({
      rows: [
        [1, 1],
        [3, 3],
        [5, 5],
        [8, 8],
      ],
      lines: [2, 4, 6, 10],
      bad: [3, 5, 7, 8],
    });
  });

  test('rows that are too long, too short or empty are skipped, and so are rows with wrong values', async () => {
    const given = await csv('at,v\n1\n\n2,2,2\n3,x\n,4\n5,\n6, 6 \nx,7\n 8,8\n2026-01-01,9\n', 9, two);
    expect(given).toMatchObject({
      rows: [
        [5, Number.NaN],
        [6, 6],
        [8, 8],
        [Date.UTC(2026, 0, 1), 9],
      ],
      lines: [7, 8, 10, 11],
      bad: [2, 4, 5, 6, 9],
    });
    expect(given.reasons).toEqual([
      'expected 2 values, got 1',
      'expected 2 values, got 3',
      'column "v": expected a number or nothing, got "x"',
      'column "at": expected a time, as a number or an ISO date, got nothing',
      'column "at": expected a time, as a number or an ISO date, got "x"',
    ]);
  });

  test('a row of one empty value is blank, in quotes or not, whichever way it is read', async () => {
    // The row with a line break inside is parsed by papaparse, and with it those that follow.
    for (const before of ['', '1,"\n"\n']) {
      const { rows, bad } = await csv(`at,v\n${before}""\n \n"  "\n\u00a0\n2,2\n`, 4096, two);
      expect([rows.at(-1), bad]).toEqual([[2, 2], []]);
    }
  });

  test('a byte order mark, other delimiters, given names and invalid UTF-8 are read', async () => {
    expect((await csv('\ufeffat,v\n1,2\n', 2, two)).rows).toEqual([[1, 2]]);
    expect((await csv('v;at\n2;1\n', 2, two, ';')).rows).toEqual([[1, 2]]);
    expect((await csv('2\t1\n', 2, two, '\t', ['v', 'at'])).rows).toEqual([[1, 2]]);
    const broken = Buffer.from('at,path\n1,"\xff\xfe\n\xff"\n2,\xff\n3,"\xff""\n"\n4,x\n', 'latin1');
    const fields: Field[] = [
      { name: 'at', use: 'time' },
      { name: 'path', use: 'text' },
    ];
    for (const pieces of [1, 5, 100]) {
      expect(await csv(broken, pieces, fields)).toMatchObject({
        rows: [
          [1, '\ufffd\ufffd\n\ufffd'],
          [2, '\ufffd'],
          [3, '\ufffd"\n'],
          [4, 'x'],
        ],
        lines: [2, 4, 5, 7],
      });
    }
  });

  test('a missing column is named', async () => {
    await expect(csv('at,w\n1,2\n', 100, two)).rejects.toThrow('events: expected a column "v", there are at, w');
    await expect(csv('at,"v""\n1,2\n', 100, two)).rejects.toThrow('events:1: expected names of columns: ');
  });
});

test('a quote that is never closed does not hold up the lines after it', async () => {
  const fields: Field[] = [{ name: 'at', use: 'time' }];
  const text = `at\n"1\n${`2${' '.repeat(1000)}\n`.repeat(20_000)}`;
  const given = await csv(text, 2 ** 20, fields);
  expect(given.bad).toEqual([2]);
  expect(given.rows.length).toBe(20_000);
});

test('a line without an end is refused before it fills memory', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(2 ** 20, 32);
  }
  const task: Task = {
    file: 'x',
    fields: FIELDS,
    unit: 'ms',
    batch: new Batch(FIELDS),
    badLines: new BadLines(false, () => {}),
  };
  const steps = decodeAll('x', endless(), () => new NdjsonDecoder(task));
  await expect(
    (async () => {
      for await (const _ of steps);
    })(),
  ).rejects.toThrow('x:1: expected lines of at most 64 MB');
});

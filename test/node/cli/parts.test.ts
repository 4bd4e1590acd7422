/** Catches strings, dates and progress that parts of the command get wrong by themselves. */

import { afterEach, expect, test, vi } from 'vitest';
import { Progress } from '../../../bindings/cli/progress';
import { dateOf } from '../../../bindings/cli/read/fields';
import { dateAt } from '../../../bindings/cli/read/scan';
import { StringCache } from '../../../bindings/cli/read/string-cache';

afterEach(() => {
  vi.restoreAllMocks();
});

test('the cache gives every string by its bytes, also when there are more than it remembers', () => {
  const strings = new StringCache();
  const at = (text: string) => {
    const bytes = Buffer.from(`«${text}»`);
    return strings.at(bytes, 2, bytes.length - 2);
  };
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 300_000; i++) if (at(`key ${i}`) !== `key ${i}`) expect(at(`key ${i}`)).toBe(`key ${i}`);
  }
  for (const text of ['', 'ä', '😀', 'x'.repeat(2 ** 19), 'key 1', 'key 11']) expect(at(text)).toBe(text);
});

test.each([
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
  ['2026-01-31T12:00:00', '2026-01-31T12:00:00Z'],
  ['2026-01-31 12:00:00.250', '2026-01-31T12:00:00.250Z'],
  ['2026-01-31 12:00:00.123456 +02:00', '2026-01-31T12:00:00.123456+02:00'],
  ['2026-01-31T12:00+0200', '2026-01-31T12:00:00+02:00'],
  ['2026-01-31T12:00-02', '2026-01-31T12:00:00-02:00'],
  ['2026-01-31', '2026-01-31T00:00:00Z'],
  ['2026-01', '2026-01-01T00:00:00Z'],
  ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
])('the date %s is read', (text, meant) => {
  expect(dateOf(text)).toBe(Date.parse(meant));
});

test.each(['', 'noon', '12', '2026', '31.1.2026', '2026-13-01', '2026-01-31T25:00:00Z', 'Jan 31 2026'])(
  'the text %j is no date',
  (text) => {
    expect(dateOf(text)).toBeNaN();
  },
);

test('a date read from bytes is that of the string, or left to the reader of strings', () => {
  const fields = ['2026', '1000', '0999'].flatMap((year) =>
    ['-01', '-12', '-13', '-1x'].flatMap((month) =>
      ['-01', '-28', '-31', '-00'].flatMap((day) =>
        ['T00:00:00', ' 23:59:59', 'T24:00:00', 'T12:60:00', 'T1:00:00', ''].flatMap((clock) =>
          ['', '.001', '.999', '.5', '.1234'].flatMap((part) =>
            ['', 'Z', '+01:00'].map((zone) => year + month + day + clock + part + zone),
          ),
        ),
      ),
    ),
  );
  let read = 0;
  for (const text of fields) {
    const time = dateAt(Buffer.from(`"${text}"`), 1, 1 + text.length);
    if (Number.isNaN(time)) continue;
    read++;
    expect({ text, time }).toEqual({ text, time: dateOf(text) });
  }
  expect(read).toBeGreaterThan(50);
});

test('progress is shown now and then, and can be cleared', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const written: string[] = [];
  const progress = new Progress(true, (text) => written.push(text));
  progress.lines = 1_234_567;
  progress.show(2);
  expect(written).toEqual([]);
  now = 500;
  progress.show(2);
  progress.show(2);
  progress.clear();
  progress.clear();
  expect(written).toEqual(['\r\x1b[K1,234,567 lines · 2,469,134 a second · 2 bad', '\r\x1b[K']);
  const quiet = new Progress(false, (text) => written.push(text));
  now = 5000;
  quiet.show(0);
  expect(written.length).toBe(2);
});

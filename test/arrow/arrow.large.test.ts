/** Columns of very many strings from Arrow: this suite catches strings that are taken for others with the same hash. */

import { Table, Utf8, vectorFromArray } from 'apache-arrow';
import { expect, test } from 'vitest';
import { columnsOf } from '../../bindings/arrow';
import type { CodedStrings } from '../../bindings/spec/column-input';
import { random } from '../support/helpers';

test('strings with equal hashes are told apart', () => {
  // Among 300,000 strings some share all 32 bits of a hash.
  const next = random(1);
  const values = Array.from({ length: 300_000 }, () =>
    String.fromCharCode(...Array.from({ length: 8 }, () => 97 + 26 * next())),
  );
  values.push(...values.slice(0, 1000), '\ufeffa', 'a', '\ufeffa');
  const { codes, list } = columnsOf(new Table({ v: vectorFromArray(values, new Utf8()) })).v.values() as CodedStrings;
  expect(list.length).toBe(new Set(values).size);
  expect(codes).toHaveLength(values.length);
  expect(Array.from(codes, (code) => list[code]).every((value, i) => value === values[i])).toBe(true);
});

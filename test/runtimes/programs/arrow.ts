import { makeBuilder, makeVector, Table, tableFromIPC, tableToIPC, Utf8 } from 'apache-arrow';
import * as oriel from 'oriel';
import { pushArrow, toArrow } from 'oriel/arrow';
import { columnsOf, events, specOf } from './program.js';
import { say } from './say.js';

say(() => {
  const { at, user, price, qty } = columnsOf(events);
  // Not `vectorFromArray`, which makes code out of strings: pages may forbid that.
  const users = makeBuilder({ type: new Utf8() });
  for (const one of user) users.append(one);
  const table = new Table({
    at: makeVector(Float64Array.from(at)),
    user: users.finish().toVector(),
    price: makeVector(Float64Array.from(price)),
    qty: makeVector(Float64Array.from(qty, (one) => one ?? Number.NaN)),
  });
  const stream = oriel.windowed(specOf(oriel));
  for (const batch of tableFromIPC(tableToIPC(table)).batches) pushArrow(stream, batch);
  const { late } = stream.stats();
  return { late, rows: toArrow(stream.close()).toArray() };
});

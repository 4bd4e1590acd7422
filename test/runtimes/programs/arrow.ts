import { Float64, Table, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import * as oriel from 'oriel';
import { pushArrow, toArrow } from 'oriel/arrow';
import { columnsOf, events, specOf } from './program.js';
import { say } from './say.js';

say(() => {
  const { at, user, price, qty } = columnsOf(events);
  const table = new Table({
    at: vectorFromArray(at, new Float64()),
    user: vectorFromArray(user),
    price: vectorFromArray(price, new Float64()),
    qty: vectorFromArray(qty, new Float64()),
  });
  const stream = oriel.windowed(specOf(oriel));
  for (const batch of tableFromIPC(tableToIPC(table)).batches) pushArrow(stream, batch);
  const { late } = stream.stats();
  return { late, rows: toArrow(stream.close()).toArray() };
});

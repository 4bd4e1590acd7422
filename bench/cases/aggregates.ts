/** Every aggregate that the package exports, alone: one more is in the table by being exported. */

import * as oriel from 'oriel';
import { type Cell, type Contender, pushed } from '../contest';
import { numberColumn, randomIds, randomValues, steadyTimes } from '../data';

const EVENTS = 4_000_000;
const KEYS = 1000;

function aggregates(): [string, oriel.Aggregate][] {
  const found: [string, oriel.Aggregate][] = [['count()', oriel.count()]];
  for (const [name, make] of Object.entries(oriel)) {
    if (!/^[a-z]/.test(name) || name === 'windowed' || typeof make !== 'function') continue;
    try {
      const made = (make as (column: string) => oriel.Aggregate)('value');
      if (typeof made.kind === 'string' && made.columns.join() === 'value') found.push([name, made]);
    } catch {
      // A window, or what wants more than a column.
    }
  }
  return found;
}

function contenders(key?: string): Contender[] {
  const at = steadyTimes(EVENTS);
  const value = randomValues(EVENTS);
  const columns = key ? { at, value, [key]: numberColumn(randomIds(EVENTS, KEYS, 'uniform')) } : { at, value };
  const window = oriel.tumbling(key ? 1_000_000 : 1000);
  return aggregates().map(([name, aggregate]) => ({
    name,
    side: 'oriel',
    events: EVENTS,
    run: pushed({ time: 'at', ...(key ? { key } : {}), window, aggregates: { result: aggregate } }, columns),
  }));
}

export const aggregateCells: Cell[] = [
  {
    name: 'aggregates-unkeyed',
    title: 'each aggregate alone, un-keyed, 1,000 events a window (ratio: to count)',
    different: true,
    contenders: () => contenders(),
  },
  {
    name: 'aggregates-keyed',
    title: 'each aggregate alone, 1,000 keys (ratio: to count)',
    different: true,
    contenders: () => contenders('key'),
  },
];

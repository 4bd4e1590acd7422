/** Every aggregate by its definition, over the events of one row in order of arrival. */

import type { OracleEvent } from './store';

export const definitions: Record<string, (events: OracleEvent[]) => number> = {
  events: (events) => events.length,
  count: (events) => present(events).length,
  sum: (events) => orNaN(events, (values) => values.reduce((a, b) => a + b, 0)),
  mean: (events) => orNaN(events, (values) => values.reduce((a, b) => a + b, 0) / values.length),
  min: (events) => orNaN(events, (values) => Math.min(...values)),
  max: (events) => orNaN(events, (values) => Math.max(...values)),
  range: (events) => orNaN(events, (values) => Math.max(...values) - Math.min(...values)),
  product: (events) => orNaN(events, (values) => values.reduce((a, b) => a * b, 1)),
  first: (events) => byTime(events).at(0)?.v ?? Number.NaN,
  last: (events) => byTime(events).at(-1)?.v ?? Number.NaN,
  variance: (events) => twoPass(present(events).map(({ v }) => v)),
  stddev: (events) => Math.sqrt(twoPass(present(events).map(({ v }) => v))),
};

const present = (events: OracleEvent[]) => events.filter(({ v }) => !Number.isNaN(v));
/** Array.prototype.sort is stable: events of one time stay in order of arrival. */
const byTime = (events: OracleEvent[]) => present(events).sort((a, b) => a.t - b.t);

function orNaN(events: OracleEvent[], figure: (values: number[]) => number): number {
  const values = present(events).map(({ v }) => v);
  return values.length ? figure(values) : Number.NaN;
}

export function twoPass(values: number[]): number {
  if (values.length < 2) return Number.NaN;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
}

/** What is printed: a table for each cell as it is done, and one of all cells to be pasted into Markdown. */

import type { Cell, Fact, Side } from './contest';

export interface Score {
  name: string;
  side: Side;
  /** One for each round, for one event. */
  nanoseconds: number[];
  /** Milliseconds of the longest batch, one for each round. */
  pauses: number[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

const digits = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

export function showScores(cell: Cell, scores: readonly Score[]): string {
  const reference = median(scores[0]?.nanoseconds ?? []);
  const lines = scores.map(({ name, nanoseconds, pauses }) => {
    const ns = median(nanoseconds);
    const spread = `${digits(Math.min(...nanoseconds))}–${digits(Math.max(...nanoseconds))}`;
    const pause = pauses.length
      ? `   longest batch ${digits(median(pauses))} ms (most ${digits(Math.max(...pauses))})`
      : '';
    return `  ${name.padEnd(50)}${digits(ns).padStart(9)}${spread.padStart(16)}${`${digits(ns / reference)}x`.padStart(10)}${pause}`;
  });
  const head = `  ${'contender'.padEnd(50)}${'ns/event'.padStart(9)}${'min–max'.padStart(16)}${'ratio'.padStart(10)}`;
  return [`${cell.name}: ${cell.title}`, head, ...lines].join('\n');
}

export function showFacts(cell: Cell, facts: readonly Fact[]): string {
  const lines = facts.map(({ name, value, unit }) => {
    return `  ${name.padEnd(50)}${(Number.isInteger(value) ? String(value) : digits(value)).padStart(9)} ${unit}`;
  });
  return [`${cell.name}: ${cell.title}`, ...lines].join('\n');
}

/** Each cell in a row: its first contender beside the best tuned and the naive one that do the same work. */
export function summary(results: readonly { cell: Cell; scores: readonly Score[] }[]): string {
  const rows = results
    .filter(({ cell }) => !cell.different)
    .map(({ cell, scores }) => {
      const oriel = median(scores[0]?.nanoseconds ?? []);
      const best = (side: Side) =>
        Math.min(...scores.filter((score) => score.side === side).map((s) => median(s.nanoseconds)));
      const beside = (side: Side) =>
        Number.isFinite(best(side)) ? `${digits(best(side))} | ${digits(best(side) / oriel)}x` : '– | –';
      return `| ${cell.name} | ${digits(oriel)} | ${beside('tuned')} | ${beside('naive')} |`;
    });
  return ['| cell | oriel, ns | tuned, ns | ratio | naive, ns | ratio |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

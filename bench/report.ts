/** Formats the output: a table for each cell, and a Markdown table of all cells. */

import type { Cell, Fact, Score, Side } from './contest';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/** The time relative to the reference: the median over rounds, because whatever slows a round slows both contenders. */
function ratio(score: Score, reference: Score): number {
  return median(score.nanoseconds.map((ns, round) => ns / (reference.nanoseconds[round] as number)));
}

const digits = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

export function showScores(cell: Cell, scores: readonly Score[]): string {
  const lines = scores.map((score) => {
    const { name, nanoseconds, pauses } = score;
    const ns = median(nanoseconds);
    const spread = `${digits(Math.min(...nanoseconds))}–${digits(Math.max(...nanoseconds))}`;
    const pause = pauses.length
      ? `   longest batch ${digits(median(pauses))} ms (most ${digits(Math.max(...pauses))})`
      : '';
    const times = `${digits(ratio(score, scores[0] as Score))}x`;
    return `  ${name.padEnd(50)}${digits(ns).padStart(9)}${spread.padStart(16)}${times.padStart(10)}${pause}`;
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

/** One row for each cell: its first contender beside the fastest tuned and the fastest naive one. */
export function summary(results: readonly { cell: Cell; scores: readonly Score[] }[]): string {
  const rows = results
    .filter(({ cell }) => !cell.different)
    .map(({ cell, scores }) => {
      const reference = scores[0] as Score;
      const beside = (side: Side) => {
        const rivals = scores.filter((score) => score.side === side);
        const [best] = rivals.sort((a, b) => median(a.nanoseconds) - median(b.nanoseconds));
        return best ? `${digits(median(best.nanoseconds))} | ${digits(ratio(best, reference))}x` : '– | –';
      };
      return `| ${cell.name} | ${digits(median(reference.nanoseconds))} | ${beside('tuned')} | ${beside('naive')} |`;
    });
  return ['| cell | oriel, ns | tuned, ns | ratio | naive, ns | ratio |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

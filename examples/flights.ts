/**
 * Departures and delays per airport over a day, sliding by the hour, for the US flights of the first half of 2001. It
 * then does the same in plain JavaScript, times both, and compares them row by row.
 */

import { count, hopping, max, mean, stddev, windowed } from 'oriel';
import { readFlights } from './flights-data';
import { plainWindows } from './flights-plain';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BATCH = 65_536;

const flights = await readFlights();
const n = flights.time.length;
console.log(`${n.toLocaleString('en')} flights read. A day of them, every hour, for each airport:\n`);

const airports = windowed({
  time: 'time',
  key: 'origin',
  window: hopping('1d', '1h'),
  aggregates: { departures: count(), mean: mean('delay'), deviation: stddev('delay'), worst: max('delay') },
});

type Results = ReturnType<typeof airports.take>;
const batches: Results[] = [];
let highestBytes = 0;
const begun = performance.now();
for (let from = 0; from < n; from += BATCH) {
  const to = from + BATCH;
  const { time, delay, origin } = flights;
  airports.pushColumns({
    time: time.subarray(from, to),
    delay: delay.subarray(from, to),
    origin: origin.slice(from, to),
  });
  batches.push(airports.take());
  highestBytes = Math.max(highestBytes, airports.stats().bytes);
}
batches.push(airports.close());
const seconds = (performance.now() - begun) / 1000;
const { windows } = airports.stats();
airports[Symbol.dispose]();

const results = batches.reduce((rows, batch) => rows + batch.length, 0);
show(worstDay(batches));
console.log(
  `\noriel    ${n.toLocaleString('en')} events, ${windows.toLocaleString('en')} windows, ` +
    `${results.toLocaleString('en')} results in ${seconds.toFixed(2)} s: ` +
    `${(n / seconds / 1e6).toFixed(1)} million events/s, ` +
    `at most ${(highestBytes / 2 ** 20).toFixed(1)} MB of linear memory`,
);

const plainBegun = performance.now();
const plain = new Map<string, number[]>();
plainWindows(flights, DAY, HOUR, (start, states) => {
  for (const [origin, { departures, mean, squares, worst }] of states) {
    plain.set(`${origin} ${start}`, [departures, mean, Math.sqrt(squares / (departures - 1)), worst]);
  }
});
const plainSeconds = (performance.now() - plainBegun) / 1000;
console.log(
  `plain JS the same in ${plainSeconds.toFixed(2)} s: oriel is ${(plainSeconds / seconds).toFixed(0)} times as fast`,
);
check(batches, plain);

/** The window in which flights left latest on the whole, its busiest airports first. */
function worstDay(batches: Results[]) {
  const days = new Map<number, { minutes: number; departures: number }>();
  for (const { columns } of batches) {
    columns.start.forEach((start, i) => {
      const day = days.get(start) ?? { minutes: 0, departures: 0 };
      day.minutes += (columns.mean[i] as number) * (columns.departures[i] as number);
      day.departures += columns.departures[i] as number;
      days.set(start, day);
    });
  }
  const full = [...days].filter(([, { departures }]) => departures > 10_000);
  const [worst] = full.sort(([, a], [, b]) => b.minutes / b.departures - a.minutes / a.departures)[0] as [
    number,
    unknown,
  ];
  const rows = batches.flatMap((batch) => (batch.columns.start.includes(worst) ? batch.toArray() : []));
  return rows.filter(({ start }) => start === worst).sort((a, b) => b.departures - a.departures);
}

function show(rows: ReturnType<typeof worstDay>): void {
  const time = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const [first] = rows;
  if (!first) return;
  console.log(
    `The worst of them: ${time(first.start)} to ${time(first.end)}, its twelve busiest airports; delays in minutes\n`,
  );
  console.log('airport  departures                        mean               deviation  worst');
  const most = Math.max(...rows.map(({ departures }) => departures));
  for (const row of rows.slice(0, 12)) {
    console.log(
      `${String(row.origin).padEnd(7)}  ${String(row.departures).padStart(5)} ${bar(row.departures / most, 24)}` +
        `  ${row.mean.toFixed(1).padStart(6)} ${bar(row.mean / 60, 12)}` +
        `  ${row.deviation.toFixed(1).padStart(8)}  ${String(row.worst).padStart(5)}`,
    );
  }
}

/** A share of a width, to an eighth of a character. */
function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  return ('█'.repeat(eighths >> 3) + ' ▏▎▍▌▋▊▉'.charAt(eighths & 7).trim()).padEnd(width);
}

/** Every result of the one beside that of the other. */
function check(batches: Results[], plain: Map<string, number[]>): void {
  let rows = 0;
  for (const { origin, start, departures, mean, deviation, worst } of batches.flatMap((batch) => batch.toArray())) {
    const other = plain.get(`${origin} ${start}`);
    const ours = [departures, mean, deviation, worst];
    if (!other || ours.some((figure, i) => differ(figure, other[i] as number))) {
      throw new Error(`${origin} at ${start}: ${ours} is not ${other}`);
    }
    rows += 1;
  }
  if (rows !== plain.size) throw new Error(`${rows} results beside ${plain.size}`);
  console.log(`both agree on all ${rows.toLocaleString('en')} results`);
}

function differ(a: number, b: number): boolean {
  return Math.abs(a - b) > 1e-9 * Math.max(1, Math.abs(a)) || Number.isNaN(a) !== Number.isNaN(b);
}

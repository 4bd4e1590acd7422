/**
 * Answers the query of bench/cli.ts with another program: `node lines.mjs <who> <file> <answers>`. Answers are CSV
 * without a header line.
 */

import { createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [who, file, answers] = process.argv.slice(2);
const isCsv = file.endsWith('.csv');
const WINDOW = 600_000;

const peers = {
  async duckdb() {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`copy (
      select "at" // ${WINDOW} * ${WINDOW} as start, "user", count(*) as visits, sum(bytes) as bytes, max(ms) as slowest
      from ${isCsv ? 'read_csv' : 'read_ndjson'}('${file}') group by all
    ) to '${answers}' (format csv, header false)`);
  },

  async polars() {
    const { default: pl } = await import('nodejs-polars');
    const start = pl.col('at').div(WINDOW).floor().mul(WINDOW).cast(pl.Int64).alias('start');
    const aggregates = [pl.len().alias('visits'), pl.col('bytes').sum(), pl.col('ms').max().alias('slowest')];
    const frame = (isCsv ? pl.scanCSV(file) : pl.scanJson(file))
      .withColumn(start)
      .groupBy(['start', 'user'])
      .agg(aggregates);
    (await frame.collect()).writeCSV(answers, { includeHeader: false });
  },

  async plain() {
    const windows = new Map();
    let isFirst = isCsv;
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (isFirst) {
        isFirst = false;
        continue;
      }
      let event;
      if (isCsv) {
        const [at, user, , , bytes, ms] = line.split(',');
        event = { at: Number(at), user, bytes: Number(bytes), ms: Number(ms) };
      } else {
        event = JSON.parse(line);
      }
      const start = Math.floor(event.at / WINDOW) * WINDOW;
      const key = `${start},${event.user}`;
      const aggregates = windows.get(key);
      if (aggregates) {
        aggregates.visits++;
        aggregates.bytes += event.bytes;
        if (event.ms > aggregates.slowest) aggregates.slowest = event.ms;
      } else {
        windows.set(key, { visits: 1, bytes: event.bytes, slowest: event.ms });
      }
    }
    let text = '';
    for (const [key, { visits, bytes, slowest }] of windows) text += `${key},${visits},${bytes},${slowest}\n`;
    writeFileSync(answers, text);
  },
};

await peers[who]();

/** Three million US flights of 2001 (Bureau of Transportation Statistics, via vega-datasets), in order of departure. */

import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

export interface Flights {
  /** Scheduled departure, milliseconds since the epoch. */
  time: Float64Array;
  /** Minutes. */
  delay: Float64Array;
  origin: string[];
}

/** Reads the file, whose rows are in no order, and puts them in that of time, as they would have come in. */
export async function readFlights(): Promise<Flights> {
  const path = fileURLToPath(new URL('../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url));
  const columns: Record<string, unknown[]> = { date: [], delay: [], origin: [] };
  await parquetRead({
    file: await asyncBufferFromFile(path),
    compressors,
    columns: Object.keys(columns),
    onChunk({ columnName, columnData, rowStart }) {
      const column = columns[columnName] as unknown[];
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
    },
  });
  const { date, delay, origin } = columns as { date: Date[]; delay: (number | bigint)[]; origin: string[] };
  // Minute and row number in one number, which a typed array sorts many times faster than a comparator would.
  const rows = 2 ** 22;
  const order = Float64Array.from(date, (at, row) => (Number(at) / 60_000) * rows + row).sort();
  return {
    time: order.map((entry) => Math.floor(entry / rows) * 60_000),
    delay: order.map((entry) => Number(delay[entry % rows])),
    origin: Array.from(order, (entry) => origin[entry % rows] as string),
  };
}

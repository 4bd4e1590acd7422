/** Reads the needed columns of a Parquet file, one row group at a time. */

import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { list, show, UsageError } from '../usage-error';
import { addRow, type Step, type Task } from './decoder';
import { ofValues } from './fields';
import { unreadable } from './files';
import { getterOf } from './ndjson';

/** Maximum number of rows in a batch. */
const BATCH_ROWS = 16_384;

/** Reads a file. After each step the batch has the next rows. @throws {UsageError} */
export async function* readParquet(task: Task, signal: AbortSignal): AsyncGenerator<Step> {
  const { file, fields, unit } = task;
  if (file === '-')
    throw new UsageError('--from: expected ndjson or csv of stdin, since Parquet is read from its end; got parquet');
  try {
    const bytes = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(bytes);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const columns = fields.map(({ name }) => {
      const column = names.find((one) => one === name) ?? names.find((one) => name.startsWith(`${one}.`));
      if (column !== undefined) return column;
      throw new UsageError(`${file}: expected a column ${show(name)}, there are ${list(names)}`, 1);
    });
    const getters = fields.map(({ name }) => getterOf(name));
    const converts = fields.map((field) => ofValues(field, unit));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const rowEnd = rowStart + rows;
      const values: Record<string, unknown[]> = Object.fromEntries(columns.map((name) => [name, new Array(rows)]));
      const onChunk = ({
        columnName,
        columnData,
        rowStart: at,
      }: {
        columnName: string;
        columnData: ArrayLike<unknown>;
        rowStart: number;
      }) => {
        const column = values[columnName] as unknown[];
        for (let i = 0; i < columnData.length; i++) column[at - rowStart + i] = columnData[i];
      };
      if (columns.length)
        await parquetRead({
          file: bytes,
          metadata,
          compressors,
          columns: [...new Set(columns)],
          rowStart,
          rowEnd,
          onChunk,
        });
      for (let from = 0; from < rows && !signal.aborted; from += BATCH_ROWS) {
        const to = Math.min(rows, from + BATCH_ROWS);
        for (let row = from; row < to; row++) {
          addRow(task, rowStart + row + 1, (f) => {
            const name = columns[f] as string;
            const value = values[name]?.[row];
            return converts[f]?.(name === fields[f]?.name ? value : getters[f]?.({ [name]: value }));
          });
        }
        yield { bytes: (bytes.byteLength * (to - from)) / Number(metadata.num_rows), lines: to - from };
      }
      rowStart = rowEnd;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

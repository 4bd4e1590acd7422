/** The public names that every entry has. */
export {
  type Aggregate,
  all,
  any,
  argmax,
  argmin,
  bitAnd,
  bitOr,
  type Candle,
  correlation,
  count,
  covariance,
  delta,
  ewma,
  first,
  increase,
  kurtosis,
  type Line,
  last,
  max,
  mean,
  min,
  ohlc,
  product,
  range,
  rate,
  regression,
  skewness,
  stddev,
  sum,
  variance,
  weightedMean,
} from './aggregate';
export { WindowBatch } from './batch';
export { type CalendarExtent, type CalendarUnit, calendar, type Weekday } from './calendar';
export type { Stats } from './engine';
export { OrielError, type OrielErrorCode } from './errors';
export { col, type Expression, lit, text } from './expression';
export { type Duration, type DurationLike, type Extent, type Rows, rows } from './extent';
export type { OverOptions } from './over';
export { type ColumnType, Ring, type RingColumns, type RingHandle, ring, type Schema } from './shared/ring';
export {
  collect,
  type DistinctOptions,
  distinct,
  type FoldOf,
  type Frequent,
  fold,
  histogram,
  median,
  type QuantileOptions,
  quantile,
  timeWeightedMean,
  topK,
} from './sketches';
export type { Source } from './source';
export type { EarlyFiring, Spec } from './spec';
export type { WindowedStream } from './stream';
export type {
  Answer,
  Claim,
  Columns,
  Event,
  Item,
  Key,
  KeyColumn,
  KeyOf,
  LateEvent,
  Measure,
  NumberColumn,
  Row,
  StringColumn,
  TypedNumbers,
} from './types';
export {
  cumulative,
  everything,
  hopping,
  punctuated,
  rolling,
  session,
  tumbling,
  type Window,
} from './windows';
export type { ProducerHandle } from './worker/layout';
export { type Producer, producer } from './worker/producer';
export type { WorkerLike } from './worker/threads';
export type { Transport, WindowedWorker, WorkerOptions, WorkerStats } from './worker/windowed';

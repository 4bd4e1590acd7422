/** The public names that the entries `oriel`, `oriel/slim` and the one for workerd share. */

export { WindowBatch } from './base/batch';
export { OrielError, type OrielErrorCode } from './base/errors';
export type { Stats } from './engine/engine';
export { type ColumnType, Ring, type RingColumns, type RingHandle, ring, type Schema } from './shared/ring';
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
} from './spec/aggregates';
export { type CalendarExtent, type CalendarUnit, calendar, type Weekday } from './spec/calendar';
export type { TypedNumbers } from './spec/column-input';
export { type Duration, type DurationLike, type Extent, type Rows, rows } from './spec/duration';
export { col, type Expression, lit, text } from './spec/expression';
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
} from './spec/sketches';
export type { EarlyFiring, Spec } from './spec/spec';
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
} from './spec/types';
export {
  cumulative,
  everything,
  hopping,
  punctuated,
  rolling,
  session,
  tumbling,
  type Window,
} from './spec/windows';
export type { OverOptions } from './stream/over';
export type { Source } from './stream/source';
export type { WindowedStream } from './stream/stream';
export type { Transport, WindowedWorker, WorkerOptions, WorkerStats } from './worker/owner';
export { type Producer, producer } from './worker/producer';
export type { ProducerHandle } from './worker/ring-layout';
export type { WorkerLike } from './worker/start';

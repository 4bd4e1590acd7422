/** The public names that every entry has. */
export { WindowBatch } from './batch';
export { OrielError, type OrielErrorCode } from './errors';
export type { DurationLike, Extent } from './extent';
export {
  type Aggregate,
  count,
  first,
  hopping,
  last,
  max,
  mean,
  min,
  product,
  range,
  type Spec,
  stddev,
  sum,
  tumbling,
  variance,
  type Window,
} from './spec';
export type { Stats, WindowedStream } from './stream';
export type {
  Claim,
  Columns,
  Event,
  Key,
  KeyColumn,
  LateEvent,
  Measure,
  NumberColumn,
  Row,
  TypedNumbers,
} from './types';

/** The public names that every entry has. */
export {
  type Aggregate,
  count,
  first,
  last,
  max,
  mean,
  min,
  product,
  range,
  stddev,
  sum,
  variance,
} from './aggregate';
export { WindowBatch } from './batch';
export { type CalendarExtent, type CalendarUnit, calendar, type Weekday } from './calendar';
export { OrielError, type OrielErrorCode } from './errors';
export { col, type Expression, lit, text } from './expression';
export { type Duration, type DurationLike, type Extent, type Rows, rows } from './extent';
export type { EarlyFiring, Spec } from './spec';
export type { Stats, WindowedStream } from './stream';
export type {
  Answer,
  Claim,
  Columns,
  Event,
  Key,
  KeyColumn,
  KeyOf,
  LateEvent,
  Measure,
  NumberColumn,
  Row,
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

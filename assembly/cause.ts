/**
 * The cause of a firing orders the results of one batch (result/order.ts). Causes act in this order: event i of the
 * batch moved the clock; the clock passed a mark of early firing; the event was taken; the event itself asks for early
 * firing (`when`). What fires without an event, because the watermark is moved by hand, has the cause `byClock(0)`.
 */

export function byClock(i: i32): i32 {
  return i << 2;
}

export function byMark(i: i32): i32 {
  return (i << 2) | 1;
}

export function byEvent(i: i32): i32 {
  return (i << 2) | 2;
}

export function byFlag(i: i32): i32 {
  return (i << 2) | 3;
}

/**
 * The filter where times never fall, the usual case: then no dropped event shows but the last, and columns are moved
 * two values a step. The kept events and the ticks are those of ingest/filter.ts.
 */

/**
 * The number of n events whose condition holds; -1 if a time is less than the one before it, or the first less than
 * `newest`. n is not 0.
 */
export function countInOrder(times: usize, condition: usize, n: i32, newest: f64): i32 {
  if (load<f64>(times) < newest) return -1;
  const zero = f64x2.splat(0);
  const last = ((<usize>n) << 3) - 8;
  let isRising = i64x2.splat(-1);
  let held = i64x2.splat(0);
  let i: usize = 0;
  for (; i + 8 < last; i += 16) {
    isRising = v128.and(isRising, f64x2.ge(v128.load(times + i, 8), v128.load(times + i)));
    held = i64x2.sub(held, f64x2.gt(f64x2.abs(v128.load(condition + i)), zero));
  }
  if (!i64x2.all_true(isRising)) return -1;
  let kept = <i32>(i64x2.extract_lane(held, 0) + i64x2.extract_lane(held, 1));
  for (; i <= last; i += 8) {
    if (i < last && load<f64>(times + i, 8) < load<f64>(times + i)) return -1;
    kept += i32(abs(load<f64>(condition + i)) > 0);
  }
  return kept;
}

/** Moves those of n values together to the front whose condition holds. The column may be that of the condition. */
export function squeeze(condition: usize, column: usize, n: i32): void {
  const zero = f64x2.splat(0);
  const bytes = (<usize>n) << 3;
  let to = column;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const holds = f64x2.gt(f64x2.abs(v128.load(condition + i)), zero);
    const which = i64x2.bitmask(holds);
    const pair = v128.load(column + i);
    // If the first is dropped, the second takes its place.
    const first = v128.shuffle<f64>(holds, holds, 0, 0);
    v128.store(to, v128.bitselect(pair, v128.shuffle<f64>(pair, pair, 1, 1), first));
    to += (<usize>((which & 1) + (which >> 1))) << 3;
  }
  if (i < bytes && abs(load<f64>(condition + i)) > 0) store<f64>(to, load<f64>(column + i));
}

/** As `squeeze`, for a column of ids. */
export function squeezeIds(condition: usize, ids: usize, n: i32): void {
  let to = ids;
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u32>(to, load<u32>(ids + (i << 2)));
    to += (<usize>i32(abs(load<f64>(condition + (i << 3))) > 0)) << 2;
  }
}

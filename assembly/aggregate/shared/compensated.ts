/**
 * A compensated sum: the rounded sum, and apart from it all that rounding took away (Ogita, Rump, Oishi, "Accurate sum
 * and dot product", 2005, with Knuth's branch-free two-sum).
 *
 *     0 sum: f64 │ 8 error: f64        16 bytes        the value is sum + error
 *
 * The identity is (-0, -0). Adding -0 changes no number in IEEE arithmetic, and no sum of values ends with an error of
 * -0, so that an empty state can be told from one that has seen zeros. An infinity makes the error NaN; the sum stays
 * right.
 */

/** The bits of -0: both numbers of an empty state. */
export const NOTHING: u64 = 0x8000000000000000;

export function identity(state: usize): void {
  store<u64>(state, NOTHING);
  store<u64>(state, NOTHING, 8);
}

/** Adds a value to a sum. */
export function add(state: usize, value: f64): void {
  const sum = load<f64>(state);
  const total = sum + value;
  const shift = total - sum;
  store<f64>(state, total);
  store<f64>(state, load<f64>(state, 8) + (sum - (total - shift) + (value - shift)), 8);
}

/** into = left + right; `into` may be either of them. */
export function addAll(into: usize, left: usize, right: usize): void {
  const error = load<f64>(left, 8);
  const sum = load<f64>(left);
  const rightSum = load<f64>(right);
  const rightError = load<f64>(right, 8);
  if (reinterpret<u64>(rightError) == NOTHING) {
    store<f64>(into, sum);
    store<f64>(into, error, 8);
    return;
  }
  const total = sum + rightSum;
  const shift = total - sum;
  store<f64>(into, total);
  store<f64>(into, error + rightError + (sum - (total - shift) + (rightSum - shift)), 8);
}

/** The value of a sum as one number. */
export function rounded(state: usize): f64 {
  const sum = load<f64>(state);
  const whole = sum + load<f64>(state, 8);
  return whole == whole ? whole : sum;
}

/** Whether nothing has been added. */
export function isEmpty(state: usize): bool {
  return load<u64>(state, 8) == NOTHING;
}

/**
 * A sum carried in two numbers: the rounded sum and all that rounding took from it (Ogita, Rump, Oishi, "Accurate sum and
 * dot product", 2005, with Knuth's branch-free two-sum).
 *
 *     0 sum: f64 │ 8 error: f64        16 bytes        the value is sum + error
 *
 * Identity is (-0, -0): -0 is what IEEE addition leaves unchanged, and no sum of values ever ends with an error of -0, so
 * that a state which saw nothing can be told from one that saw zeros. Infinities make the error NaN and keep the sum.
 */

export const NOTHING: u64 = 0x8000000000000000;

export function identity(state: usize): void {
  store<u64>(state, NOTHING);
  store<u64>(state, NOTHING, 8);
}

export function add(state: usize, value: f64): void {
  const sum = load<f64>(state);
  const total = sum + value;
  const shift = total - sum;
  store<f64>(state, total);
  store<f64>(state, load<f64>(state, 8) + (sum - (total - shift) + (value - shift)), 8);
}

export function addAll(into: usize, left: usize, right: usize): void {
  const error = load<f64>(left, 8);
  const sum = load<f64>(left);
  const value = load<f64>(right);
  const more = load<f64>(right, 8);
  if (reinterpret<u64>(more) == NOTHING) {
    store<f64>(into, sum);
    store<f64>(into, error, 8);
    return;
  }
  const total = sum + value;
  const shift = total - sum;
  store<f64>(into, total);
  store<f64>(into, error + more + (sum - (total - shift) + (value - shift)), 8);
}

export function rounded(state: usize): f64 {
  const sum = load<f64>(state);
  const whole = sum + load<f64>(state, 8);
  return whole == whole ? whole : sum;
}

export function isEmpty(state: usize): bool {
  return load<u64>(state, 8) == NOTHING;
}

/** Functions of a number that have no instruction; AssemblyScript's own bring tables, which would be static data. */

/**
 * Natural logarithm, to the last bit that of fdlibm's e_log, which is JavaScript's in V8 (Sun Microsystems, 1993):
 *
 *     x = 2^k (1 + f), sqrt(2)/2 < 1 + f < sqrt(2);   log(1 + f) = f - s (f - R),   s = f / (2 + f), R a polynomial in s²
 */
export function log(x: f64): f64 {
  let bits = reinterpret<u64>(x);
  let k = 0;
  if (bits >> 52 == 0) {
    if (bits == 0) return -Infinity;
    // Below the least normal number.
    k = -54;
    bits = reinterpret<u64>(x * 18014398509481984.0);
  }
  if (x == 0) return -Infinity;
  if (<i64>bits < 0) return NaN;
  if (bits >> 52 >= 0x7ff) return x;
  let high = <i32>(bits >> 32);
  k += (high >> 20) - 1023;
  high &= 0x000fffff;
  const carry = (high + 0x95f64) & 0x100000;
  k += carry >> 20;
  const f = reinterpret<f64>(((<u64>(high | (carry ^ 0x3ff00000))) << 32) | (bits & 0xffffffff)) - 1;
  const dk = <f64>k;
  const most = dk * 6.9314718036912381649e-1;
  const least = dk * 1.90821492927058770002e-10;
  if ((0x000fffff & (2 + high)) < 3) {
    if (f == 0) return k ? most + least : 0;
    const r = f * f * (0.5 - 0.33333333333333333 * f);
    return k ? most - (r - least - f) : f - r;
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const r = even + odd;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f;
    return k ? most - (half - (s * (half + r) + least) - f) : f - (half - s * (half + r));
  }
  return k ? most - (s * (f - r) - least - f) : f - s * (f - r);
}

/** What division leaves, with the sign of the dividend, as JavaScript's `%`. Of whole numbers, the ordinary case, without a loop. */
export function mod(x: f64, y: f64): f64 {
  const divisor = abs(y);
  const dividend = abs(x);
  if (dividend <= 9007199254740991 && divisor <= 9007199254740991 && trunc(x) == x && trunc(y) == y && y != 0) {
    // The quotient may be rounded up to the next whole number.
    const rest = dividend - trunc(dividend / divisor) * divisor;
    return copysign(rest < 0 ? rest + divisor : rest, x);
  }
  return x % y;
}

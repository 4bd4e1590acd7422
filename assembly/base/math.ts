/** Functions that WebAssembly has no instruction for. They use no tables, as the core has no static data. */

const LN2: f64 = 0.6931471805599453;

/**
 * 2 to the power of a finite x, within two units in the last place: x = n + r with |r| <= 1/2, and e^(r ln 2) is
 * computed by the rational function of fdlibm's e_exp.c (Sun Microsystems, 1993), a Remez fit over the same range.
 */
export function exp2(x: f64): f64 {
  const whole = nearest(min(max(x, -1100), 1100));
  const r = (x - whole) * LN2;
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  return scale(1 + ((r * c) / (2 - c) + r), whole);
}

/** x times 2 to the power of an integer. */
export function scale(x: f64, exponent: f64): f64 {
  let left = min(max(exponent, -4000), 4000);
  for (; left > 1000; left -= 1000) x *= power(1000);
  for (; left < -1000; left += 1000) x *= power(-1000);
  return x * power(left);
}

/** 2 to the power of an integer from -1022 to 1023. */
function power(exponent: f64): f64 {
  return reinterpret<f64>((<u64>(<i64>exponent + 1023)) << 52);
}

/** The integer e for which |x| / 2^e lies in [1, 2); x is finite and not 0. */
export function exponentOf(x: f64): f64 {
  const bits = <i64>((reinterpret<u64>(x) >> 52) & 0x7ff);
  return bits ? <f64>(bits - 1023) : exponentOf(x * power(64)) - 64;
}

/**
 * Natural logarithm, equal to the last bit to that of fdlibm's e_log.c (Sun Microsystems, 1993), which V8 uses for
 * JavaScript:
 *
 *     x = 2^k (1 + f), sqrt(2)/2 < 1 + f < sqrt(2)
 *     log(1 + f) = f - s (f - R),   s = f / (2 + f),   R a polynomial in s²
 */
export function log(x: f64): f64 {
  let bits = reinterpret<u64>(x);
  let k = 0;
  if (bits >> 52 == 0) {
    if (bits == 0) return -Infinity;
    // x is subnormal: scale it by 2^54.
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
  const highPart = dk * 6.9314718036912381649e-1;
  const lowPart = dk * 1.90821492927058770002e-10;
  if ((0x000fffff & (2 + high)) < 3) {
    if (f == 0) return k ? highPart + lowPart : 0;
    const r = f * f * (0.5 - 0.33333333333333333 * f);
    return k ? highPart - (r - lowPart - f) : f - r;
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
    return k ? highPart - (half - (s * (half + r) + lowPart) - f) : f - (half - s * (half + r));
  }
  return k ? highPart - (s * (f - r) - lowPart - f) : f - s * (f - r);
}

/**
 * Remainder of a division, with the sign of the dividend, as JavaScript's `%`. For whole numbers, the ordinary case, it
 * needs no loop.
 */
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

/** What WebAssembly has no instruction for, without tables: the core has no static data. */

const LN2: f64 = 0.6931471805599453;

/**
 * 2 to the power of a finite x, within two units in the last place: x = n + r with |r| <= 1/2, and e^(r ln 2) by the rational
 * function of fdlibm's e_exp.c (Sun Microsystems, 1993), a Remez fit over that very range.
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

/** x times 2 to the power of a whole number. */
export function scale(x: f64, exponent: f64): f64 {
  let left = min(max(exponent, -4000), 4000);
  for (; left > 1000; left -= 1000) x *= power(1000);
  for (; left < -1000; left += 1000) x *= power(-1000);
  return x * power(left);
}

/** 2 to the power of a whole number from -1022 to 1023. */
function power(exponent: f64): f64 {
  return reinterpret<f64>((<u64>(<i64>exponent + 1023)) << 52);
}

/** The whole e for which |x| / 2^e lies in [1, 2). x is neither 0 nor infinite nor NaN. */
export function exponentOf(x: f64): f64 {
  const bits = <i64>((reinterpret<u64>(x) >> 52) & 0x7ff);
  return bits ? <f64>(bits - 1023) : exponentOf(x * power(64)) - 64;
}

/**
 * Binary search in columns of numbers that never decrease. `lowerBound` finds the first entry that is not less than x,
 * `upperBound` the first that is greater; both return the number of entries if there is none. Equal entries lie between
 * the two. A search takes logarithmic time.
 *
 *     column     n entries of type T, `stride` bytes apart: a field of the structs in an array
 */

export function lowerBound<T>(column: usize, stride: usize, n: u32, x: T): u32 {
  let low: u32 = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >> 1;
    if (load<T>(column + <usize>middle * stride) >= x) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function upperBound<T>(column: usize, stride: usize, n: u32, x: T): u32 {
  let low: u32 = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >> 1;
    if (load<T>(column + <usize>middle * stride) > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Sorts in place, without memory of its own: a heap with two children a node. Sorting n numbers takes n log n time. */

/** Sorts the n numbers from address `list` on, u32 each. */
export function sortNumbers(list: usize, n: u32): void {
  for (let i = n >> 1; i > 0; i--) sink(list, i - 1, n);
  for (let last = n; last > 1; last--) {
    const greatest = load<u32>(list);
    const end = list + ((<usize>(last - 1)) << 2);
    store<u32>(list, load<u32>(end));
    store<u32>(end, greatest);
    sink(list, 0, last - 1);
  }
}

/** Moves number i of a heap of n below all that are greater. */
function sink(list: usize, i: u32, n: u32): void {
  const value = load<u32>(list + ((<usize>i) << 2));
  for (let child: u32 = 2 * i + 1; child < n; child = 2 * i + 1) {
    const isRight =
      child + 1 < n && load<u32>(list + ((<usize>child) << 2)) < load<u32>(list + ((<usize>child) << 2), 4);
    if (isRight) child++;
    const greater = load<u32>(list + ((<usize>child) << 2));
    if (greater <= value) break;
    store<u32>(list + ((<usize>i) << 2), greater);
    i = child;
  }
  store<u32>(list + ((<usize>i) << 2), value);
}

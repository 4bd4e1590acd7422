/** Seeded data: the same numbers in every run, on every machine and in every process. */

/** Uniform numbers in [0, 1): xoshiro128** (Blackman, Vigna, 2018), seeded by a 32-bit mix. */
export function uniform(seed: number): () => number {
  const mix = () => {
    seed = (seed + 0x9e3779b9) | 0;
    let z = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = mix();
  let b = mix();
  let c = mix();
  let d = mix();
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 2 ** 32;
  };
}

/** Times that start at 0 and rise by `step`. */
export function steadyTimes(n: number, step = 1): Float64Array {
  const times = new Float64Array(n);
  for (let i = 0; i < n; i++) times[i] = i * step;
  return times;
}

/** Times 0, 0, 2, 2, 4, 4 …: one unit per event on average, two events at each time. */
export function pairedTimes(n: number): Float64Array {
  const times = new Float64Array(n);
  for (let i = 0; i < n; i++) times[i] = i - (i % 2);
  return times;
}

/** Times that rise by `pause` with probability `share`, otherwise by `step`. */
export function pausingTimes(n: number, step: number, pause: number, share: number, seed = 8): Float64Array {
  const random = uniform(seed);
  const times = new Float64Array(n);
  for (let i = 1; i < n; i++) times[i] = (times[i - 1] as number) + (random() < share ? pause : step);
  return times;
}

export function randomValues(n: number, seed = 1): Float64Array {
  const random = uniform(seed);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = random() * 1000;
  return values;
}

/** Values like latencies, most small and a few very large: log-normal with a median of 20. */
export function skewedValues(n: number, seed = 9): Float64Array {
  const random = uniform(seed);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    values[i] = 20 * Math.exp(1.2 * normal);
  }
  return values;
}

export type Skew = 'uniform' | 'zipf';

/** Keys in [0, keys): uniform, or by Zipf's law with exponent 1, the frequent ones at random places. */
export function randomIds(n: number, keys: number, skew: Skew, seed = 2): Uint32Array {
  const random = uniform(seed);
  const ids = new Uint32Array(n);
  if (skew === 'uniform') {
    for (let i = 0; i < n; i++) ids[i] = Math.floor(random() * keys);
    return ids;
  }
  const { threshold, alias } = aliasTable(keys);
  const place = shuffled(keys, random);
  for (let i = 0; i < n; i++) {
    const slot = Math.floor(random() * keys);
    const rank = random() < (threshold[slot] as number) ? slot : (alias[slot] as number);
    ids[i] = place[rank] as number;
  }
  return ids;
}

/** Distinct whole numbers below 2^53, unordered. */
export function wideKeys(keys: number, seed = 3): Float64Array {
  const random = uniform(seed);
  const seen = new Set<number>();
  while (seen.size < keys) seen.add(Math.floor(random() * 2 ** 21) * 2 ** 32 + Math.floor(random() * 2 ** 32));
  return Float64Array.from(seen);
}

export function names(keys: number): string[] {
  return Array.from({ length: keys }, (_, id) => `user-${id}`);
}

/** Maps a column of ids to the values they stand for. */
export function column<T>(ids: Uint32Array, of: ArrayLike<T>): T[] {
  const values = new Array<T>(ids.length);
  for (let i = 0; i < ids.length; i++) values[i] = of[ids[i] as number] as T;
  return values;
}

export function numberColumn(ids: Uint32Array, of?: Float64Array): Float64Array {
  return of ? Float64Array.from(ids, (id) => of[id] as number) : Float64Array.from(ids);
}

/**
 * An order of arrival for events with times 0, 1, 2 …: a share of them comes late, by less than `bound`.
 * @returns the index of the event that arrives at each place
 */
export function arrivals(n: number, share: number, bound: number, seed = 4): Uint32Array {
  const random = uniform(seed);
  // One number holds the arrival time and the event's index, so that sorting needs no comparison function.
  const shift = 2 ** Math.ceil(Math.log2(n));
  const marks = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const late = random() < share ? Math.floor(random() * bound) : 0;
    marks[i] = (i + late) * shift + i;
  }
  marks.sort();
  return Uint32Array.from(marks, (mark) => mark % shift);
}

/** Tables of Walker's alias method for the weights 1, 1/2, 1/3 …: one draw takes constant time. */
function aliasTable(keys: number): { threshold: Float64Array; alias: Uint32Array } {
  let total = 0;
  for (let rank = 1; rank <= keys; rank++) total += 1 / rank;
  const threshold = Float64Array.from({ length: keys }, (_, i) => keys / ((i + 1) * total));
  const alias = new Uint32Array(keys);
  const poor: number[] = [];
  const rich: number[] = [];
  threshold.forEach((weight, i) => {
    (weight < 1 ? poor : rich).push(i);
  });
  while (poor.length && rich.length) {
    const to = poor.pop() as number;
    const from = rich.at(-1) as number;
    alias[to] = from;
    threshold[from] = (threshold[from] as number) - (1 - (threshold[to] as number));
    if ((threshold[from] as number) < 1) poor.push(rich.pop() as number);
  }
  for (const i of [...poor, ...rich]) threshold[i] = 1;
  return { threshold, alias };
}

function shuffled(n: number, random: () => number): Uint32Array {
  const list = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = list[i] as number;
    list[i] = list[j] as number;
    list[j] = kept;
  }
  return list;
}

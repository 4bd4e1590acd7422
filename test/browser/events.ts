/** Events that every thread can make for itself. Time says which producer makes an event, so no two share a time. */

export interface Events {
  /** The number of this producer, and the number of producers. */
  of: readonly [which: number, producers: number];
  /** The number of events that this producer gives. */
  count: number;
  keys: 'strings' | 'numbers';
}

export interface EventColumns {
  t: Float64Array;
  v: Float64Array;
  k: (string | number)[];
}

export function eventsOf({ of: [which, producers], count, keys }: Events): EventColumns {
  const t = Float64Array.from({ length: count }, (_, i) => gaps(i) + i * producers + which);
  const v = Float64Array.from(t, (time) => (Math.imul(time, 0x9e3779b1) >>> 8) % 1000);
  const k = Array.from(t, (time) => {
    const number = (Math.imul(time, 0x85ebca6b) >>> 10) % 97;
    return keys === 'strings' ? `key ${number}` : number - 48;
  });
  return { t, v, k };
}

/** Pauses after every 300 events, so that sessions end. */
const gaps = (i: number) => 500 * Math.floor(i / 300);

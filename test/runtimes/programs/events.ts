/** The events that every runtime gets. */

export const COUNT = 4000;

export interface Event {
  at: number;
  user: string;
  price: number;
  qty: number | null;
}

/** Makes an event. One in eleven is up to 1,500 time units late for its place, so some are late. */
export function eventOf(i: number): Event {
  const bits = Math.imul(i + 1, 0x9e3779b1) >>> 0;
  return {
    at: 10 * i - (bits % 11 === 0 ? bits % 1500 : 0),
    user: `user ${(bits >>> 8) % 9} ü`,
    price: (bits >>> 4) % 997,
    qty: bits % 4 === 0 ? null : bits % 7,
  };
}

export const SIZE = 1000;
export const EVERY = 300;
export const OUT_OF_ORDER = 250;

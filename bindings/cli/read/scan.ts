/**
 * Reads values directly from bytes, without making a string of each. Every function starts at a given place and stops
 * at a byte that cannot belong to the value. Lines end with a newline, so none reads past its line.
 */

const QUOTE = 34;
const BACKSLASH = 92;

/** Powers of ten for up to 15 digits; all are exact. */
const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i);

/** A place in the bytes of a batch of lines. */
export class Cursor {
  at = 0;
}

/**
 * Reads a number in JSON's notation and moves the cursor past it. If there is none, returns NaN and leaves the cursor
 * where it is.
 */
export function readNumber(bytes: Buffer, cursor: Cursor): number {
  const from = cursor.at;
  let at = from;
  let c = bytes[at] as number;
  const isNegative = c === 45;
  if (isNegative) c = bytes[++at] as number;
  const first = at;
  let digits = 0;
  while (c >= 48 && c <= 57) {
    digits = digits * 10 + (c - 48);
    c = bytes[++at] as number;
  }
  let places = 0;
  let count = at - first;
  if (count === 0 || (count > 1 && bytes[first] === 48)) return Number.NaN;
  if (c === 46) {
    const point = at;
    c = bytes[++at] as number;
    while (c >= 48 && c <= 57) {
      digits = digits * 10 + (c - 48);
      c = bytes[++at] as number;
    }
    places = at - point - 1;
    if (places === 0) return Number.NaN;
    count += places;
  }
  if (count > 15 || c === 101 || c === 69) return readLongNumber(bytes, cursor, at);
  cursor.at = at;
  // Both operands are exact, so the quotient is correctly rounded.
  const number = places ? digits / (POWERS[places] as number) : digits;
  return isNegative ? -number : number;
}

/** Reads a number with an exponent, or with more digits than a double surely holds. Its digits end at `to`. */
function readLongNumber(bytes: Buffer, cursor: Cursor, to: number): number {
  let at = to;
  if (bytes[at] === 101 || bytes[at] === 69) {
    at += bytes[at + 1] === 43 || bytes[at + 1] === 45 ? 2 : 1;
    const first = at;
    while ((bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at++;
    if (at === first) return Number.NaN;
  }
  const text = bytes.toString('latin1', cursor.at, at);
  cursor.at = at;
  return Number(text);
}

/** Finds the closing quote of a string that begins at `from`; -1 if it has escapes or is not closed in its line. */
export function closingQuote(bytes: Buffer, from: number): number {
  let at = from;
  for (let c = bytes[at] as number; c !== QUOTE; c = bytes[++at] as number) if (c < 32 || c === BACKSLASH) return -1;
  return at;
}

/** Reads two digits; NaN if they are none. */
const two = (bytes: Buffer, at: number): number => {
  const tens = (bytes[at] as number) - 48;
  const ones = (bytes[at + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** The last date read, as yyyymmdd, and its milliseconds. */
let day = -1;
let dayMs = 0;

/**
 * Reads a date such as 2026-01-31T12:00:00.123Z, with or without milliseconds and Z, as milliseconds in UTC; NaN for
 * any other notation.
 */
export function dateAt(bytes: Buffer, from: number, to: number): number {
  const year = two(bytes, from) * 100 + two(bytes, from + 2);
  const month = two(bytes, from + 5);
  const date = two(bytes, from + 8);
  const last = bytes[to - 1] === 90 ? to - 1 : to;
  const rest = last - from;
  const isShaped =
    (rest === 19 || rest === 23) &&
    bytes[from + 4] === 45 &&
    bytes[from + 7] === 45 &&
    (bytes[from + 10] === 84 || bytes[from + 10] === 32) &&
    bytes[from + 13] === 58 &&
    bytes[from + 16] === 58 &&
    (rest === 19 || bytes[from + 19] === 46);
  // Every month has 28 days. Later days are left to `dateOf`, which checks the calendar.
  if (!isShaped || !(year >= 1000 && month >= 1 && month <= 12 && date >= 1 && date <= 28)) return Number.NaN;
  const hour = two(bytes, from + 11);
  const minute = two(bytes, from + 14);
  const second = two(bytes, from + 17);
  const ms = rest === 19 ? 0 : two(bytes, from + 20) * 10 + (two(bytes, from + 21) % 10);
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const number = (year * 100 + month) * 100 + date;
  if (number !== day) {
    day = number;
    dayMs = Date.UTC(year, month - 1, date);
  }
  return dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

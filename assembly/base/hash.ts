/**
 * Hashes of words of 64 bits, for tables and for sketches.
 *
 * Tables hash by three secret odd factors, drawn at random. Law: for any two words, the chance that the top bits of
 * their hashes are equal is about one in the number of slots that these bits can name. So nobody who does not know the
 * factors can choose words that share slots; home slots are taken from the top bits alone. The first step is
 * multilinear in the halves of the word (Lemire, Kaser, "Strongly universal string hashing is fast", 2014), so that a
 * difference anywhere reaches all bits. The second makes that non-linear and is a multiply-shift (Dietzfelbinger et
 * al., "A reliable randomized algorithm for the closest-pair problem", 1997).
 *
 * Sketches whose results must be reproducible hash by `mix`, which is fixed, and which anybody can invert.
 */

/** The finaliser of MurmurHash3 (Appleby 2011). */
export function mix(word: u64): u64 {
  word ^= word >> 33;
  word *= 0xff51afd7ed558ccd;
  word ^= word >> 33;
  word *= 0xc4ceb9fe1a85ec53;
  return word ^ (word >> 33);
}

/** Hashes a word by three factors. Only the top bits are spread well. */
export function hashBy(word: u64, low: u64, high: u64, last: u64): u64 {
  const sum = <u64>(<u32>word) * low + (word >> 32) * high;
  return (sum ^ (sum >> 32)) * last;
}

/** Derives factor i from a seed, a whole number: it is odd, and its other bits follow no pattern. */
export function factorOf(seed: f64, i: u64): u64 {
  return mix(mix(<u64>seed) + (i + 1) * 0x9e3779b97f4a7c15) | 1;
}

/** Number of slots that searches passed over, in all tables of this core. */
let probes: f64 = 0;

/** Counts a slot that a search passed over, in the debug build alone. */
export function countProbe(): void {
  if (!ASC_NO_ASSERT) probes++;
}

export function probeCount(): f64 {
  return probes;
}

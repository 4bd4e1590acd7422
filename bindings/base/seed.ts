/** Seeds of hash tables. */

const words = new Uint32Array(2);

/** Draws a secret whole number from 0 to 2^53 - 1, by which nobody can know which keys and values share a slot. */
export function drawSeed(): number {
  try {
    crypto.getRandomValues(words);
  } catch {
    // Cloudflare refuses it to code outside handlers. Nobody sees these numbers, so they need not be cryptographic.
    for (let i = 0; i < words.length; i++) words[i] = Math.random() * 2 ** 32;
  }
  return (words[0] as number) + ((words[1] as number) & 0x1fffff) * 2 ** 32;
}

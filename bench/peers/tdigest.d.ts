/** Types for tdigest, which has none of its own. */
declare module 'tdigest' {
  export class TDigest {
    push(value: number): void;
    percentile(q: number): number | undefined;
  }
}

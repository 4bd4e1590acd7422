/** What the package does not say of itself. */
declare module 'tdigest' {
  export class TDigest {
    push(value: number): void;
    percentile(q: number): number | undefined;
  }
}

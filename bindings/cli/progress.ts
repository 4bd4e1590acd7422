/** A progress line on a terminal, overwritten in place. */

import { stat } from 'node:fs/promises';

/** Minimum time between two updates. */
const INTERVAL_MS = 200;

export class Progress {
  lines = 0;
  bytes = 0;
  #total: number | undefined;
  #shownAt = performance.now();
  #isShown = false;
  readonly #begun = performance.now();

  constructor(
    readonly isOn: boolean,
    readonly write: (text: string) => void,
  ) {}

  /** Adds up the sizes of the files, for percentages. Without a total if one is compressed or has no size. */
  async measure(files: readonly string[]): Promise<void> {
    if (!this.isOn) return;
    const sizes = await Promise.all(
      files.map((file) =>
        stat(file).then(
          (stats) => (stats.isFile() ? stats.size : Number.NaN),
          () => Number.NaN,
        ),
      ),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total > 0 && !files.some((file) => file.endsWith('.gz'))) this.#total = total;
  }

  /** Shows the line, unless it was updated just now. */
  show(badLines: number): void {
    const now = performance.now();
    if (!this.isOn || now - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = now;
    this.#isShown = true;
    const rate = Math.round((this.lines / (now - this.#begun)) * 1000);
    const parts = [`${this.lines.toLocaleString('en')} lines`, `${rate.toLocaleString('en')} a second`];
    if (this.#total) parts.unshift(`${Math.min(100, Math.floor((100 * this.bytes) / this.#total))} %`);
    if (badLines) parts.push(`${badLines.toLocaleString('en')} bad`);
    this.write(`\r\x1b[K${parts.join(' · ')}`);
  }

  /** Erases the line before other output. */
  clear(): void {
    if (this.#isShown) this.write('\r\x1b[K');
    this.#isShown = false;
  }
}

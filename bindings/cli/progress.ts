/** How far the command is: a line on a terminal, written over again and again. */

import { stat } from 'node:fs/promises';

const EVERY_MS = 200;

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

  /** Asks how much there is to read, where files say so. */
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

  show(badLines: number): void {
    const now = performance.now();
    if (!this.isOn || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#isShown = true;
    const rate = Math.round((this.lines / (now - this.#begun)) * 1000);
    const parts = [`${this.lines.toLocaleString('en')} lines`, `${rate.toLocaleString('en')} a second`];
    if (this.#total) parts.unshift(`${Math.min(100, Math.floor((100 * this.bytes) / this.#total))} %`);
    if (badLines) parts.push(`${badLines.toLocaleString('en')} bad`);
    this.write(`\r\x1b[K${parts.join(' · ')}`);
  }

  /** Makes way for other lines. */
  clear(): void {
    if (this.#isShown) this.write('\r\x1b[K');
    this.#isShown = false;
  }
}

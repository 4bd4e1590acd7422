/** Counts the lines that are skipped because they are not events the stream accepts, and shows the first few. */

import { UsageError } from '../usage-error';

const MAX_SHOWN_LINES = 5;

export class BadLines {
  count = 0;

  constructor(
    readonly isStrict: boolean,
    readonly say: (line: string) => void,
  ) {}

  /** Counts a bad line. @throws {UsageError} with --strict */
  add(file: string, line: number, reason: string): void {
    this.count++;
    const place = `${file}:${line}: ${reason}`;
    if (this.isStrict) throw new UsageError(place, 1);
    if (this.count <= MAX_SHOWN_LINES) this.say(`${place}; skipped`);
    if (this.count === MAX_SHOWN_LINES + 1) this.say('further bad lines are only counted');
  }
}

/** Lines that are no events, or not such as the stream takes: left out and counted, the first of them shown. */

import { UsageError } from '../usage-error';

const SHOWN_LINES = 5;

export class BadLines {
  count = 0;

  constructor(
    readonly isStrict: boolean,
    readonly say: (line: string) => void,
  ) {}

  /** @throws {UsageError} where one is too many */
  add(file: string, line: number, reason: string): void {
    this.count++;
    const place = `${file}:${line}: ${reason}`;
    if (this.isStrict) throw new UsageError(place, 1);
    if (this.count <= SHOWN_LINES) this.say(`${place}; left out`);
    if (this.count === SHOWN_LINES + 1) this.say('further bad lines are only counted');
  }
}

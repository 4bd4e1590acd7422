/** Lines that are no events, or not such as the stream takes: left out and counted, the first of them shown. */

import { Refusal } from '../usage-error';

const SHOWN = 5;

export class Complaints {
  count = 0;

  constructor(
    readonly isStrict: boolean,
    readonly say: (line: string) => void,
  ) {}

  /** @throws {Refusal} where one is too many */
  add(file: string, line: number, reason: string): void {
    this.count++;
    const place = `${file}:${line}: ${reason}`;
    if (this.isStrict) throw new Refusal(place, 1);
    if (this.count <= SHOWN) this.say(`${place}; left out`);
    if (this.count === SHOWN + 1) this.say('further bad lines are only counted');
  }
}

/** Where text goes: no faster than it is taken, and no further than somebody takes it. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { UsageError } from '../usage-error';

export class OutputStream {
  #error: NodeJS.ErrnoException | undefined;

  /** @param onGone when nobody reads any more, as behind `| head`; without it that is an error as any other */
  constructor(
    readonly name: string,
    readonly stream: Writable,
    readonly onGone?: () => void,
  ) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error;
      if (error.code === 'EPIPE') onGone?.();
    });
  }

  /** @throws {UsageError} where it cannot be written, but that nobody reads any more */
  async write(data: string | Uint8Array): Promise<void> {
    this.#check();
    if (data.length === 0 || this.#error || this.stream.write(data)) return;
    await once(this.stream, 'drain').catch(() => undefined);
    this.#check();
  }

  /** Waits until all of it is written. @throws {UsageError} as `write` */
  async flush(): Promise<void> {
    if (!this.#error) await new Promise((resolve) => this.stream.write('', resolve));
    this.#check();
  }

  /** Ends a file, once all of it is written. @throws {UsageError} as `write` */
  async end(): Promise<void> {
    this.#check();
    if (!this.#error) await new Promise((resolve) => this.stream.end(resolve));
    this.#check();
  }

  #check(): void {
    if (this.#error && !(this.onGone && this.#error.code === 'EPIPE'))
      throw new UsageError(`${this.name}: ${this.#error.message}`, 1);
  }
}

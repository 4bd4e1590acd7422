/** Writes to a file or stdout, waiting whenever its reader is slower, and stops when the reader is gone. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { UsageError } from '../usage-error';

export class OutputStream {
  #error: NodeJS.ErrnoException | undefined;

  /** @param onGone called when the reader is gone, as with `| head`; without it that is an error like any other */
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

  /**
   * Writes data and waits until the stream can take more.
   * @throws {UsageError} on errors, unless `onGone` handles them
   */
  async write(data: string | Uint8Array): Promise<void> {
    this.#check();
    if (data.length === 0 || this.#error || this.stream.write(data)) return;
    await once(this.stream, 'drain').catch(() => undefined);
    this.#check();
  }

  /** Waits until everything is written. @throws {UsageError} as `write` */
  async flush(): Promise<void> {
    if (!this.#error) await new Promise((resolve) => this.stream.write('', resolve));
    this.#check();
  }

  /** Ends the stream and waits until everything is written. @throws {UsageError} as `write` */
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

/** What went wrong, for programs to tell apart. */
export type OrielErrorCode =
  /** The spec of a stream is not one: the message names the field, what was given and what is accepted. */
  | 'ERR_ORIEL_SPEC'
  /** A column is missing, of the wrong kind or length, or holds what it cannot. */
  | 'ERR_ORIEL_COLUMN'
  /** A time is not a number, not finite, or beyond what edges can be computed for. */
  | 'ERR_ORIEL_TIME'
  /** What was given does not fit the stream's `memory.maximum`, or what the machine has. */
  | 'ERR_ORIEL_MEMORY'
  /** A claim is not there, or no longer good. */
  | 'ERR_ORIEL_CLAIM'
  /** The stream is closed or disposed. */
  | 'ERR_ORIEL_CLOSED'
  /** The WebAssembly core is not there: `oriel/slim` before `init`, or a platform that refuses to compile it. */
  | 'ERR_ORIEL_CORE'
  /** Threads cannot do this here: memory that is not to be shared, standing still where that is forbidden, or a worker that died. */
  | 'ERR_ORIEL_THREAD';

/** Every error that oriel throws. A call that throws one has changed nothing. */
export class OrielError extends Error {
  override readonly name = 'OrielError';
  readonly code: OrielErrorCode;

  constructor(code: OrielErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How a value is shown in a message: short, with its kind where that says more. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object of ${value.constructor?.name ?? 'no class'}`;
}

/** @throws {OrielError} ERR_ORIEL_SPEC, naming the field, what was given and what is accepted */
export function reject(field: string, accepted: string, given: unknown): never {
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected ${accepted}, got ${show(given)}`);
}

/** Checks that an object has no options but the accepted ones. @throws {OrielError} ERR_ORIEL_SPEC */
export function only(given: object, accepted: readonly string[], field: string): void {
  if (typeof given !== 'object' || given === null) reject(`${field}: options`, 'an object', given);
  for (const name of Object.keys(given)) {
    if (accepted.includes(name)) continue;
    const there = accepted.length ? `there are ${accepted.join(', ')}` : 'there are none';
    throw new OrielError('ERR_ORIEL_SPEC', `${field}: no option ${show(name)}; ${there}`);
  }
}

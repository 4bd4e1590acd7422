/** The kind of an error, for programs: codes are stable, messages are not. */
export type OrielErrorCode =
  /** A spec or an option is invalid. The message names the field, the value it got and the values it accepts. */
  | 'ERR_ORIEL_SPEC'
  /**
   * A column is missing, has the wrong kind or length, or holds a value that it cannot hold; also, an event or a key is
   * invalid.
   */
  | 'ERR_ORIEL_COLUMN'
  /**
   * A time is not a finite number, or lies outside the range in which window edges are exact (±2^53, less for some
   * windows).
   */
  | 'ERR_ORIEL_TIME'
  /** The events do not fit into the stream's `memory.maximum` or the machine's memory. Taking results may make room. */
  | 'ERR_ORIEL_MEMORY'
  /** There is no claim, its views have become invalid, or the number of events does not fit it. */
  | 'ERR_ORIEL_CLAIM'
  /** One of the spec's functions, or a getter of what was pushed, called the stream or producer that was calling it. */
  | 'ERR_ORIEL_BUSY'
  /** The stream is closed or disposed. */
  | 'ERR_ORIEL_CLOSED'
  /**
   * There is no WebAssembly core: `init` of `oriel/slim` was not awaited, or the platform refuses to compile the
   * module. Or the core has failed in this stream, which should never happen: every later call on the stream throws
   * this, and other streams go on.
   */
  | 'ERR_ORIEL_CORE'
  /**
   * A thread cannot do this: memory cannot be shared, blocking is forbidden on this thread, or a worker could not start
   * or died.
   */
  | 'ERR_ORIEL_THREAD';

/**
 * The class of oriel's errors. A call that throws one has changed nothing: if one row of a batch is bad, no row is
 * taken. (`over` and `transform` make many such calls; they keep the items before the bad one.)
 */
export class OrielError extends Error {
  override readonly name = 'OrielError';
  readonly code: OrielErrorCode;

  constructor(code: OrielErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Formats a value for a message: primitives as themselves (strings cut at 40 characters), objects by their kind. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return kindOf(value);
  } catch {
    return 'an object that cannot be read';
  }
}

/** Names the kind of an object. It throws if reading the object does, as for a revoked Proxy. */
function kindOf(value: object): string {
  if (Array.isArray(value)) return `an array of ${Number.isInteger(value.length) ? value.length : 'no length'}`;
  // An object may have anything under that name, and a Proxy of an array under `length`.
  const name = value.constructor?.name;
  return `an object of ${typeof name === 'string' ? name : 'no class'}`;
}

/** Always throws. @throws {OrielError} ERR_ORIEL_SPEC, naming the field, the accepted values and the given one */
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

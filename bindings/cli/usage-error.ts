/** An error that the command prints on stderr without a stack, and the exit code that goes with it. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** 1: bad input; 2: wrong usage. */
    readonly exitCode: 1 | 2 = 2,
  ) {
    super(message);
  }
}

const MAX_SHOWN = 60;

/** Formats a value for a message, at most 60 characters. */
export function show(value: unknown): string {
  if (value === undefined || value === '') return 'nothing';
  const plain = (_: string, part: unknown) => (typeof part === 'bigint' ? String(part) : part);
  const shown = JSON.stringify(pruned(value, MAX_SHOWN), plain) ?? String(value);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}

/**
 * A list or an object of JSON without what lies deeper than `depth`. JSON.stringify calls itself for each level, and
 * a line from outside may have more levels than the stack has room for; each level takes a character of what is shown.
 */
function pruned(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return depth > 0 ? value.map((part) => pruned(part, depth - 1)) : null;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return depth > 0
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, pruned(part, depth - 1)]))
    : null;
}

/** Joins names for a message. */
export function list(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}

/**
 * Escapes the characters of a message that a terminal obeys: control characters except newlines, and characters that
 * set the direction of text. Messages quote input, which may contain any.
 */
export function printable(message: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return message.replace(/(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, escaped);
}

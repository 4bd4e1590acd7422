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

/** Formats a value for a message, at most 60 characters. */
export function show(value: unknown): string {
  if (value === undefined || value === '') return 'nothing';
  const shown = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

/** Joins names for a message. */
export function list(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}

/** What the command cannot or will not do: said on stderr, with the code that the process then ends with. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** 1: files, or what is in them; 2: the command itself. */
    readonly exitCode: 1 | 2 = 2,
  ) {
    super(message);
  }
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined || value === '') return 'nothing';
  const shown = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

/** Names in a sentence. */
export function list(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}

/** Reads the command's options, and checks each on its own. */

import { parseArgs } from 'node:util';
import { list, show, UsageError } from './usage-error';

const FORMATS = ['ndjson', 'csv', 'parquet'] as const;
const OUTPUTS = ['table', 'ndjson', 'csv', 'arrow'] as const;
const UNITS = ['ms', 's', 'us', 'ns', 'none'] as const;
const FILLS = ['missing', 'zero', 'previous', 'linear'] as const;

export type Format = (typeof FORMATS)[number];
export type Output = (typeof OUTPUTS)[number];
export type Unit = (typeof UNITS)[number];

/** Every option: whether it takes a value, its short form, and whether it may be repeated. */
const OPTIONS = {
  from: { type: 'string' },
  delimiter: { type: 'string' },
  columns: { type: 'string' },
  time: { type: 'string', short: 't' },
  unit: { type: 'string' },
  key: { type: 'string', short: 'k' },
  where: { type: 'string' },
  window: { type: 'string', short: 'w' },
  agg: { type: 'string', short: 'a', multiple: true },
  'out-of-order': { type: 'string' },
  'allowed-lateness': { type: 'string' },
  'max-future-skew': { type: 'string' },
  idle: { type: 'string' },
  emit: { type: 'string' },
  discard: { type: 'boolean' },
  fill: { type: 'string' },
  memory: { type: 'string' },
  to: { type: 'string' },
  iso: { type: 'boolean' },
  late: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  strict: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  explain: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Name = keyof typeof OPTIONS;

export interface Options {
  /** Paths of the files; `-` is stdin. */
  readonly files: readonly string[];
  readonly from: Format | undefined;
  readonly delimiter: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly time: string | undefined;
  readonly unit: Unit;
  readonly keys: readonly string[];
  readonly where: string | undefined;
  readonly window: string;
  readonly agg: readonly string[];
  readonly outOfOrder: string | number | undefined;
  readonly allowedLateness: string | number | undefined;
  readonly maxFutureSkew: string | number | undefined;
  readonly idle: string | number | undefined;
  readonly emit: 'final' | 'updates' | { every: string | number };
  readonly discard: boolean;
  readonly fill: (typeof FILLS)[number] | undefined;
  readonly memory: string | undefined;
  readonly to: Output | undefined;
  readonly iso: boolean;
  readonly late: string | undefined;
  readonly follow: boolean;
  readonly strict: boolean;
  readonly quiet: boolean;
  readonly explain: boolean;
}

/** Reads the command's arguments. @throws {UsageError} naming the option, the given value and the accepted ones */
export function readOptions(args: readonly string[]): Options | 'help' | 'version' {
  const { values, files } = parsed(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const text = (name: Name) => values[name] as string | undefined;
  const { window } = values as { window?: string };
  if (window === undefined) {
    throw new UsageError(
      "--window: expected a window, such as 1m, 1m/10s or 'session(5m)', got nothing; see oriel --help",
    );
  }
  const options: Options = {
    files: files.length ? files : ['-'],
    from: oneOf('from', FORMATS, text('from')),
    delimiter: delimiterOf(text('delimiter')),
    columns: namesOf('columns', text('columns')),
    time: text('time'),
    unit: oneOf('unit', UNITS, text('unit')) ?? 'ms',
    keys: namesOf('key', text('key')) ?? [],
    where: text('where'),
    window,
    agg: (values.agg as string[] | undefined) ?? ['count()'],
    outOfOrder: lengthOf(text('out-of-order')),
    allowedLateness: lengthOf(text('allowed-lateness')),
    maxFutureSkew: lengthOf(text('max-future-skew')),
    idle: lengthOf(text('idle')),
    emit: emitOf(text('emit')),
    discard: values.discard === true,
    fill: oneOf('fill', FILLS, text('fill')),
    memory: text('memory'),
    to: oneOf('to', OUTPUTS, text('to')),
    iso: values.iso === true,
    late: text('late'),
    follow: values.follow === true,
    strict: values.strict === true,
    quiet: values.quiet === true,
    explain: values.explain === true,
  };
  if (options.follow && (options.files.length > 1 || files.length === 0 || files[0] === '-')) {
    throw new UsageError(`--follow: expected one file, got ${files.length > 1 ? `${files.length} of them` : 'stdin'}`);
  }
  if (options.iso && options.unit === 'none') {
    throw new UsageError('--iso: expected times that are dates, got --unit none');
  }
  return options;
}

function parsed(args: readonly string[]): { values: Partial<Record<Name, unknown>>; files: string[] } {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(OPTIONS, name)) {
      throw new UsageError(
        `${rawName}: no such option; the options are ${list(Object.keys(OPTIONS).map((one) => `--${one}`))}`,
      );
    }
    const option: { type: string; multiple?: boolean } = OPTIONS[name as Name];
    if (option.type === 'string' && !value) throw new UsageError(`--${name}: expected a value, got nothing`);
    if (option.type === 'boolean' && value !== undefined)
      throw new UsageError(`--${name}: expected no value, got ${show(value)}`);
    if (seen.has(name) && !option.multiple) throw new UsageError(`--${name}: expected once, got it again`);
    seen.add(name);
  }
  return { values, files: positionals };
}

function oneOf<T extends string>(name: Name, accepted: readonly T[], given: string | undefined): T | undefined {
  if (given === undefined || accepted.includes(given as T)) return given as T | undefined;
  throw new UsageError(`--${name}: expected ${list(accepted)}; got ${show(given)}`);
}

function namesOf(name: Name, given: string | undefined): string[] | undefined {
  const names = given?.split(',').map((one) => one.trim());
  if (names?.some((one, i) => one === '' || names.indexOf(one) < i)) {
    throw new UsageError(`--${name}: expected different names with commas between them, got ${show(given)}`);
  }
  return names;
}

/** A length of time: a bare number counts in the unit of the stream's times; anything else is checked by the stream. */
function lengthOf(given: string | undefined): string | number | undefined {
  return given !== undefined && /^\d+(\.\d+)?$/.test(given) ? Number(given) : given;
}

function emitOf(given: string | undefined): Options['emit'] {
  if (given === undefined || given === 'final' || given === 'updates') return given ?? 'final';
  if (!/^\d/.test(given))
    throw new UsageError(`--emit: expected final, updates or a length of time such as 10s; got ${show(given)}`);
  return { every: lengthOf(given) as string | number };
}

function delimiterOf(given: string | undefined): string | undefined {
  const delimiter = given === '\\t' || given === 'tab' ? '\t' : given;
  if (delimiter === undefined || (delimiter.length === 1 && delimiter < '\x80' && !'"\r\n'.includes(delimiter)))
    return delimiter;
  throw new UsageError(`--delimiter: expected one character of ASCII, or tab; got ${show(given)}`);
}

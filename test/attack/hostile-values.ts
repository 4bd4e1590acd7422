/** Values that no caller should give: of every type, lying about themselves, failing when they are read. */

/** The error of a hostile value that fails when it is read. It has to reach the caller as it is. */
export class Hostile extends Error {}

/** Random choices of one campaign. */
export interface Chance {
  /** A whole number below n. */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
}

export function chanceOf(next: () => number): Chance {
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

function fail(): never {
  throw new Hostile('a hostile value was read');
}

/** An object, array or function all of whose traps throw, or which has been revoked. */
function proxied(target: object, isRevoked: boolean): unknown {
  const traps = ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'set', 'apply', 'construct'];
  const { proxy, revoke } = Proxy.revocable(target, Object.fromEntries(traps.map((trap) => [trap, fail])));
  if (isRevoked) revoke();
  return proxy;
}

/** An array, or something like one, that says that it has another length. */
function lying(length: unknown): unknown {
  return new Proxy([1, 2], { get: (array, name) => (name === 'length' ? length : Reflect.get(array, name)) });
}

function detached(): unknown {
  const array = Float64Array.of(1, 2);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A typed array over a buffer that has shrunk under it, and one that grows with its buffer. */
function resized(isTracking: boolean): unknown {
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: object,
  ) => ArrayBuffer & { resize(bytes: number): void };
  const buffer = new Resizable(32, { maxByteLength: 64 });
  const array = isTracking ? new Float64Array(buffer) : new Float64Array(buffer, 0, 4);
  buffer.resize?.(8);
  return array;
}

/** An array of another realm, where there is one at hand. */
function foreign(code: string): unknown {
  const { getBuiltinModule } = (globalThis.process ?? {}) as { getBuiltinModule?: (id: string) => unknown };
  const vm = getBuiltinModule?.('vm') as { runInNewContext(code: string): unknown } | undefined;
  return vm?.runInNewContext(code) ?? Object.create(null);
}

const throwing = () => Object.defineProperty({}, 'length', { get: fail, enumerable: true });

/** Makers of the values; each makes a new one. */
const MAKERS: readonly (() => unknown)[] = [
  ...[
    undefined,
    null,
    true,
    false,
    '',
    'a',
    '\ud800',
    '__proto__',
    'constructor',
    'length',
    '1',
    '10s',
    '-1d',
    '1e999ms',
  ],
  ...[0, -0, 1, -1, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 31, 2 ** 32, 5e-324],
  ...[1e308, 0n, -1n, 2n ** 64n, 2n ** 200n, Symbol('s'), Symbol.iterator],
].map((value) => () => value);

const OBJECTS: readonly (() => unknown)[] = [
  () => 'x'.repeat(1e6),
  () => ({}),
  () => Object.create(null),
  () => Object.freeze({ t: 1, k: 'a', v: 1 }),
  () => Object.freeze([1, 2]),
  () => [],
  () => Object.assign(new Array(3), { 0: 1, 2: 2 }),
  () => new Array(5),
  () => [Symbol('s')],
  () => [1n, 2],
  () => [[1]],
  () => ({ length: 2, 0: 1, 1: 2 }),
  () => ({ length: -1 }),
  () => ({ length: 1e9 }),
  () => ({ length: 2 ** 53 }),
  throwing,
  ...[-1, 1.5, 3, 1000].map((length) => () => lying(length)),
  () => Object.defineProperty([1, 2], 1, { get: fail, enumerable: true }),
  ...[{}, [], () => 1, class {}].flatMap((target) => [false, true].map((is) => () => proxied(target, is))),
  () => new Proxy({}, {}),
  () => new Proxy([1, 2], {}),
  () => ({ valueOf: fail, toString: fail, [Symbol.toPrimitive]: fail }),
  () => ({ constructor: { name: Symbol('s') } }),
  () => Object.defineProperty({}, 'constructor', { get: fail }),
  () => ({ toJSON: fail }),
  // biome-ignore lint/suspicious/noThenProperty: what it is for
  () => ({ then: fail }),
  () => ({
    get kind() {
      return fail();
    },
  }),
  () => ({ kind: 'tumbling' }),
  () => ({ rows: Number.NaN }),
  () => ({ [Symbol.iterator]: fail }),
  () => ({ [Symbol.iterator]: 1 }),
  () => ({ [Symbol.iterator]: () => ({ next: fail }) }),
  () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }),
  () => ({ getReader: fail }),
  function* () {
    yield fail();
  },
  () =>
    (function* () {
      yield fail();
    })(),
  () => () => fail(),
  () => () => Symbol('s'),
  () => class {},
  () => new Date(Number.NaN),
  () => new Date(1),
  () => /x/,
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => Promise.resolve(1),
  () => Object(1),
  () => Object('a'),
  () => Object(1n),
  () => new Error('e'),
  () => new ArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  () => new Float64Array(0),
  () => Float64Array.of(1, Number.NaN),
  () => Float32Array.of(1, 2),
  () => new Uint8ClampedArray([1, 300]),
  () => BigInt64Array.of(1n, -1n),
  () => BigUint64Array.of(2n ** 64n - 1n, 0n),
  detached,
  () => resized(true),
  () => resized(false),
  () => foreign('[1, 2]'),
  () => foreign('Float64Array.of(1, 2)'),
  () => foreign('({ t: 1, k: "a", v: 1 })'),
  () => foreign('(() => 1)'),
  () => new AbortController().signal,
  () => AbortSignal.abort(new Hostile('aborted')),
  () => ({ aborted: true }),
];

const ALL = [...MAKERS, ...OBJECTS];

/** A hostile value: one of the list, or an array or a record of such values. */
export function hostileValue(chance: Chance, depth = 2): unknown {
  const form = depth > 0 ? chance.below(12) : 2;
  if (form === 0) return Array.from({ length: chance.below(4) }, () => hostileValue(chance, depth - 1));
  if (form === 1) {
    const names = [
      't',
      'k',
      'v',
      'every',
      'when',
      'max',
      'offset',
      'closed',
      'maximum',
      'exact',
      'accuracy',
      '__proto__',
    ];
    return Object.fromEntries([0, 1, 2].map(() => [chance.pick(names), hostileValue(chance, depth - 1)]));
  }
  return chance.pick(ALL)();
}

/** A value by name, for messages: anything may be told to be text, and may fail. */
export function named(value: unknown): string {
  try {
    if (typeof value === 'string' && value.length > 50) return `a string of ${value.length}`;
    if (typeof value === 'function') return 'a function';
    if (Array.isArray(value)) return `[${value.length > 9 ? value.length : value.map(named).join(', ')}]`;
    if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value)
        .slice(0, 9)
        .map(([name, one]) => `${name}: ${named(one)}`);
      return `${Object.prototype.toString.call(value)} { ${fields.join(', ')} }`;
    }
    return typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : String(value);
  } catch (error) {
    return `a value that cannot be read (${(error as Error).message})`;
  }
}

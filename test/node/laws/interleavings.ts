/**
 * A search through every interleaving of a few threads that run real code over shared memory.
 *
 * A thread is a chain of calls. While one runs, each of its operations on shared memory (an atomic one, or the access
 * to one slot) goes to the search. The search replays a call from its start with the results of the operations so far,
 * up to the next operation, and stops it there. A state is the shared memory, and for each thread the point where it
 * stands. From each state each thread that is awake does its next operation, which leads to another state. The search
 * visits each state once, and throws at the first that breaks a law.
 *
 * Points are merged where the thread has come equally far, its objects have equal fields, it stands at the same place
 * in the code with the same callers, before the same operation, and remembers equal bells. Local variables are not
 * compared. Instead the search checks that merged points lead to merged points, whatever the result of the operation,
 * so that merging loses nothing as long as a wait that wakes up has no use for what it found before it slept.
 *
 * Sleeps have no time limit here, so that no law rests on patience.
 */

type Operation =
  | { readonly kind: 'load'; readonly word: number }
  | { readonly kind: 'store'; readonly word: number; readonly value: number }
  | { readonly kind: 'add'; readonly word: number; readonly value: number }
  | { readonly kind: 'exchange'; readonly word: number; readonly expected: number; readonly value: number }
  | { readonly kind: 'notify'; readonly word: number }
  | { readonly kind: 'wait'; readonly word: number; readonly value: number }
  | { readonly kind: 'read'; readonly slot: number }
  | { readonly kind: 'write'; readonly slot: number; readonly value: number };

/** One call of a thread, from one point between calls to the next. */
export interface Call<Progress> {
  readonly name: string;
  /** @returns how far the thread has come with it */
  run(): Progress;
}

export interface Thread<Progress> {
  readonly start: Progress;
  /** The calls that may come next; none where the thread is at its end. */
  callsAfter(progress: Progress): readonly Call<Progress>[];
  /** The objects whose number fields last from one call to the next. */
  objects(): readonly object[];
  /** Whether a thread that sleeps in this call would find something to do if it looked. */
  hasWork(memory: Memory, call: Call<Progress>): boolean;
}

/** The shared memory. */
export interface Memory {
  /** Of each word that may be used, by its number. */
  readonly words: Map<number, number>;
  readonly slots: readonly Slot[];
}

const STAGES = ['empty', 'written', 'published'] as const;

/** A slot and how far it has come. */
export interface Slot {
  readonly value: number;
  readonly stage: (typeof STAGES)[number];
}

export interface Model<Progress> {
  readonly threads: readonly Thread<Progress>[];
  /** All words that the code may use, with the values they begin with. */
  readonly words: readonly (readonly [word: number, value: number])[];
  /** Words of which only changes count: each is reset to 0 as long as no thread remembers it. */
  readonly bells: readonly number[];
  readonly slotCount: number;
  /** How the slots change with a store. */
  slotsAfterStore?(slots: readonly Slot[], word: number, before: number, after: number): readonly Slot[];
  /** Is called in each state in which no thread goes on. */
  checkEnd?(progress: readonly Progress[]): void;
}

export function violated(law: string): never {
  throw new Error(law);
}

/** Results of the operations so far of the call that is running, and the operation at which it stops. */
interface Replay {
  readonly results: readonly number[];
  at: number;
  pending: Operation | undefined;
  /** Where in the code it stops: the innermost function first. */
  stack: readonly number[];
}

let replay: Replay | undefined;

function perform(operation: Operation): number {
  if (!replay) throw new Error('shared memory is used outside of every thread');
  if (!replay.pending && replay.at < replay.results.length) return replay.results[replay.at++] as number;
  // The code may wrap what is thrown, or clean up: the first operation counts.
  const stop = new Error('the thread stops here');
  if (!replay.pending) {
    replay.pending = operation;
    replay.stack = framesOf(stop);
  }
  throw stop;
}

/** The functions that are running, from that which does the operation out to the call. */
function framesOf({ stack = '' }: Error): number[] {
  const frames = stack.split('\n');
  const end = frames.findIndex((frame) => frame.includes(' at run ('));
  if (end < 0) throw new Error('the stack does not reach to the call');
  return frames.slice(3, end).map((frame) => {
    const known = frameNumbers.get(frame);
    if (known !== undefined) return known;
    frameNumbers.set(frame, frameNumbers.size);
    return frameNumbers.size - 1;
  });
}

const frameNumbers = new Map<string, number>();

const OK = 0;
const NOT_EQUAL = 1;

const instrumentedAtomics = {
  load: (_: unknown, word: number) => perform({ kind: 'load', word }),
  store: (_: unknown, word: number, value: number) => perform({ kind: 'store', word, value: value | 0 }),
  add: (_: unknown, word: number, value: number) => perform({ kind: 'add', word, value }),
  compareExchange: (_: unknown, word: number, expected: number, value: number) =>
    perform({ kind: 'exchange', word, expected, value }),
  notify: (_: unknown, word: number) => perform({ kind: 'notify', word }),
  wait: (_: unknown, word: number, value: number) =>
    perform({ kind: 'wait', word, value }) === OK ? 'ok' : 'not-equal',
  waitAsync: (_: unknown, word: number, value: number) =>
    perform({ kind: 'wait', word, value }) === OK ? { async: true, value: 'ok' } : { async: false, value: 'not-equal' },
};

/** The words, for which only `Atomics` is a way in. */
export const sharedWords = new Proxy({} as Int32Array<SharedArrayBuffer>, {
  get(_, name) {
    if (name === 'buffer') return new SharedArrayBuffer(0);
    throw new Error(`a word is used without Atomics: ${String(name)}`);
  },
});

/** The slots: a column of which each access is an operation of the search. */
const sharedSlots = new Proxy([] as number[], {
  get: (_, name) => perform({ kind: 'read', slot: Number(name) }),
  set: (_, name, value) => {
    perform({ kind: 'write', slot: Number(name), value });
    return true;
  },
});

function wordsOrArray(): unknown {
  return sharedWords;
}

function columnOrArray(given: unknown): unknown {
  return typeof given === 'number' ? new Float64Array(given) : sharedSlots;
}

/** What the code under test finds in place of the global objects. */
export const surroundings = {
  Atomics: instrumentedAtomics,
  Int32Array: wordsOrArray,
  Float64Array: columnOrArray,
  performance: { now: () => 0 },
  setInterval: () => 0,
  clearInterval: () => undefined,
};

type Fields = readonly (readonly [object: number, name: string, value: number])[];

/**
 * A bell as a thread remembers it, and the callers of the function that read it: it is forgotten when that function
 * returns.
 */
interface RememberedBell {
  readonly bell: number;
  readonly value: number;
  readonly callers: readonly number[];
}

/** How a thread came where it stands: before its next operation, or between two calls. */
interface Path<Progress> {
  readonly thread: number;
  readonly progress: Progress;
  readonly call: Call<Progress> | undefined;
  /** Before the call. */
  readonly fields: Fields;
  readonly results: readonly number[];
  /** How many of the results a sleep has made obsolete, and the fields after them. */
  readonly forgotten: number;
  readonly fieldsKept: Fields;
  readonly pending: Operation | undefined;
  readonly stack: readonly number[];
  readonly fieldsNow: Fields;
  readonly remembered: readonly RememberedBell[];
}

/** All paths that lead to where a thread stands. */
interface Point<Progress> extends Path<Progress> {
  readonly id: number;
  readonly paths: Map<string, Path<Progress>>;
  /** The points that follow, by the result of the operation, and by the call chosen. */
  readonly afterResult: Map<number, Point<Progress>>;
  afterChoice: Point<Progress>[] | undefined;
}

interface State<Progress> {
  readonly words: readonly number[];
  readonly slots: readonly Slot[];
  readonly points: readonly Point<Progress>[];
  readonly isAsleep: readonly boolean[];
}

/** Visits all states, and returns how many there are. @throws where one breaks a law */
export function search<Progress>(model: Model<Progress>): number {
  Error.stackTraceLimit = 30;
  const { threads, bells } = model;
  const wordNumbers = model.words.map(([word]) => word);
  const points = new Map<string, Point<Progress>>();
  /** Where merged paths have to lead to. */
  const unchecked: [path: Path<Progress>, result: number, expected: Point<Progress>][] = [];

  const save = (thread: number): Fields =>
    (threads[thread] as Thread<Progress>).objects().flatMap((object, i) =>
      Object.entries(object)
        .filter(([, value]) => typeof value === 'number' || typeof value === 'boolean')
        .map(([name, value]) => [i, name, value] as const),
    );
  const restore = (thread: number, fields: Fields): void => {
    const objects = (threads[thread] as Thread<Progress>).objects() as Record<string, number>[];
    for (const [i, name, value] of fields) (objects[i] as Record<string, number>)[name] = value;
  };
  const atStart = (fields: Fields) => ({ results: [], forgotten: 0, fieldsKept: fields });
  const keyOfPath = ({ thread, progress, call, pending, stack, fieldsNow, remembered }: Path<Progress>): string => {
    const bells = remembered.map(({ bell, value }) => [bell, value]);
    return JSON.stringify([thread, progress, call?.name, pending, pending && stack, fieldsNow, bells]);
  };
  const pointOf = (path: Path<Progress>): Point<Progress> => {
    const key = keyOfPath(path);
    let point = points.get(key);
    if (!point) {
      point = { ...path, id: points.size, paths: new Map(), afterResult: new Map(), afterChoice: undefined };
      points.set(key, point);
    }
    const { fieldsKept, results, forgotten } = path;
    const name = JSON.stringify([fieldsKept, forgotten > 0, results.slice(forgotten)]);
    if (!point.paths.has(name)) {
      point.paths.set(name, path);
      for (const [result, after] of point.afterResult) unchecked.push([path, result, after]);
    }
    return point;
  };
  const checkMerged = (): void => {
    for (let next = unchecked.pop(); next; next = unchecked.pop()) {
      const [path, result, expected] = next;
      if (follow(path, result) !== expected) throw new Error('the search has merged points that differ');
    }
  };
  const between = (thread: number, progress: Progress, fields: Fields): Point<Progress> =>
    pointOf({
      thread,
      progress,
      call: undefined,
      fields,
      ...atStart(fields),
      pending: undefined,
      stack: [],
      fieldsNow: fields,
      remembered: [],
    });
  /** Runs a call up to the operation after the given results. */
  const run = (
    from: Path<Progress>,
    call: Call<Progress>,
    known: Pick<Path<Progress>, 'results' | 'forgotten' | 'fieldsKept'>,
  ): Point<Progress> => {
    const { thread, progress, fields } = from;
    restore(thread, fields);
    const running: Replay = { results: known.results, at: 0, pending: undefined, stack: [] };
    replay = running;
    try {
      const reached = call.run();
      if (running.pending) throw new Error('the code has caught what stops it');
      return between(thread, reached, save(thread));
    } catch (error) {
      const { pending, stack } = running;
      if (!pending) throw error;
      const fieldsNow = save(thread);
      const remembered = remember(from, known.results.at(-1), stack);
      return pointOf({ thread, progress, call, fields, ...known, pending, stack, fieldsNow, remembered });
    } finally {
      replay = undefined;
    }
  };
  /** The bells that a thread remembers which has got a result, and gone on. */
  const remember = (from: Path<Progress>, result: number | undefined, stack: readonly number[]): RememberedBell[] => {
    const { pending } = from;
    const remembered = from.remembered.filter(({ bell }) => pending?.kind !== 'wait' || bell !== pending.word);
    if (pending?.kind === 'load' && bells.includes(pending.word)) {
      remembered.push({ bell: pending.word, value: result as number, callers: from.stack.slice(1) });
    }
    return remembered.filter(
      ({ callers }) =>
        stack.length > callers.length && callers.every((frame, i) => frame === stack.at(i - callers.length)),
    );
  };
  const follow = (path: Path<Progress>, result: number): Point<Progress> => {
    const results = [...path.results, result];
    const isSleep = path.pending?.kind === 'wait';
    return run(path, path.call as Call<Progress>, {
      results,
      forgotten: isSleep ? results.length : path.forgotten,
      fieldsKept: isSleep ? path.fieldsNow : path.fieldsKept,
    });
  };
  const afterResult = (point: Point<Progress>, result: number): Point<Progress> => {
    const known = point.afterResult.get(result);
    if (known) return known;
    const after = follow(point, result);
    point.afterResult.set(result, after);
    for (const path of point.paths.values()) unchecked.push([path, result, after]);
    return after;
  };
  const choices = (point: Point<Progress>): Point<Progress>[] => {
    point.afterChoice ??= (threads[point.thread] as Thread<Progress>)
      .callsAfter(point.progress)
      .map((call) => run(point, call, atStart(point.fields)));
    return point.afterChoice;
  };
  const indexOf = (word: number): number => {
    const index = wordNumbers.indexOf(word);
    if (index < 0) throw new Error(`word ${word} is none of the model's`);
    return index;
  };

  /** The states that follow when a thread does its next step. */
  const next = (state: State<Progress>, thread: number): State<Progress>[] => {
    const point = state.points[thread] as Point<Progress>;
    if (state.isAsleep[thread]) return [];
    const { pending } = point;
    if (!pending) {
      return choices(point).map((chosen) => ({ ...state, points: state.points.with(thread, chosen) }));
    }
    const { points, slots, words, isAsleep } = state;
    const go = (result: number, changes: Partial<State<Progress>> = {}): State<Progress>[] => [
      { words, slots, isAsleep, points: points.with(thread, afterResult(point, result)), ...changes },
    ];
    if (pending.kind === 'read') {
      const { stage, value } = slots[pending.slot] as Slot;
      if (stage !== 'published') violated('a slot is read before it is published');
      return go(value);
    }
    if (pending.kind === 'write') {
      if (slots[pending.slot]?.stage !== 'empty') violated('a slot is overwritten before its release');
      return go(0, { slots: slots.with(pending.slot, { value: pending.value, stage: 'written' }) });
    }
    const index = indexOf(pending.word);
    const before = words[index] as number;
    switch (pending.kind) {
      case 'load':
        return go(before);
      case 'store': {
        const after = model.slotsAfterStore?.(slots, pending.word, before, pending.value) ?? slots;
        return go(pending.value, { words: words.with(index, pending.value), slots: after });
      }
      case 'add':
        return go(before, { words: words.with(index, before + pending.value) });
      case 'exchange':
        return go(before, before === pending.expected ? { words: words.with(index, pending.value) } : {});
      case 'wait':
        if (before !== pending.value) return go(NOT_EQUAL);
        return [{ ...state, isAsleep: isAsleep.with(thread, true) }];
      case 'notify': {
        const { word } = pending;
        const isWoken = points.map((of, i) => isAsleep[i] === true && (of.pending as { word: number }).word === word);
        const after = points.map((of, i) => (isWoken[i] ? afterResult(of, OK) : of));
        return [
          {
            words,
            slots,
            isAsleep: isAsleep.map((was, i) => was && !isWoken[i]),
            points: after.with(thread, afterResult(point, isWoken.filter(Boolean).length)),
          },
        ];
      }
    }
  };
  /** Makes states equal that differ only in a bell that no thread remembers. */
  const quiet = (state: State<Progress>): State<Progress> => {
    let { words } = state;
    for (const bell of bells) {
      if (!state.points.some(({ remembered }) => remembered.some((of) => of.bell === bell)))
        words = words.with(indexOf(bell), 0);
    }
    return { ...state, words };
  };
  const keyOf = ({ words, slots, points, isAsleep }: State<Progress>): string => {
    let key = '';
    for (const word of words) key += String.fromCharCode(word & 0xffff);
    for (const { value, stage } of slots) key += String.fromCharCode(value * STAGES.length + STAGES.indexOf(stage));
    for (const { id, thread } of points) key += String.fromCharCode(2 * id + (isAsleep[thread] ? 1 : 0));
    return key;
  };
  const check = ({ words, slots, points, isAsleep }: State<Progress>): void => {
    if (!isAsleep.includes(true)) return;
    const memory = { words: new Map(wordNumbers.map((word, i) => [word, words[i] as number])), slots };
    points.forEach(({ thread, call }) => {
      if (!isAsleep[thread] || !call) return;
      const areOthersDone = points.every((other, i) => i === thread || isAsleep[i] || other.results.length === 0);
      if (areOthersDone && threads[thread]?.hasWork(memory, call)) {
        violated(`thread ${thread} sleeps though there is something to do`);
      }
    });
  };

  const first: State<Progress> = {
    words: model.words.map(([, value]) => value | 0),
    slots: Array.from({ length: model.slotCount }, () => ({ value: 0, stage: 'empty' as const })),
    points: threads.map(({ start }, thread) => between(thread, start, [])),
    isAsleep: threads.map(() => false),
  };
  const seen = new Set([keyOf(first)]);
  const open = [first];
  for (let state = open.pop(); state; state = open.pop()) {
    check(state);
    const following = threads.flatMap((_, thread) => next(state as State<Progress>, thread));
    checkMerged();
    if (following.length === 0) {
      if (state.points.some(({ pending }) => pending)) violated('nobody goes on');
      model.checkEnd?.(state.points.map(({ progress }) => progress));
    }
    for (const after of following.map(quiet)) {
      const key = keyOf(after);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(after);
    }
  }
  return seen.size;
}

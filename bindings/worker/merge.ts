/**
 * Merges the results of a stream without keys whose events are spread over several workers. Each worker may hold a part
 * of every window. A window is emitted once the watermark of every worker has passed its end plus the allowed lateness.
 */

import { OrielError } from '../base/errors';
import type { Engine } from '../engine/engine';
import { type RawResults, windowOf } from '../plan/results';
import type { Calls, StringsByColumn } from './protocol';

type Taken = Calls['take']['back'];
type Answer = Calls['query']['back'];

/** The parts of one window that workers have emitted, packed as the core packs rows. */
interface WindowParts {
  readonly window: number;
  readonly start: number;
  readonly end: number;
  readonly parts: Uint8Array[];
  readonly texts: StringsByColumn[];
}

export class Merger {
  readonly #pending = new Map<string, WindowParts>();
  /** Number of windows emitted so far. */
  emittedCount = 0;

  constructor(readonly engine: Engine) {}

  /**
   * Adds the parts that each worker emitted up to its watermark. Returns the windows that are complete, ordered by end,
   * start and window.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  take(taken: readonly Taken[]): Taken {
    const { spec } = this.engine;
    for (const { raw, texts } of taken) {
      const parts = partsOf(raw.outputs[0], raw.lists);
      parts.forEach((part, i) => {
        this.#add(windowOf(raw, i), raw.starts[i] as number, raw.ends[i] as number, part, texts);
      });
    }
    const watermark = Math.min(...taken.map((one) => one.watermark));
    const due = [...this.#pending].filter(([, { end }]) => end + spec.allowedLateness <= watermark);
    const windows = due
      .map(([, entry]) => entry)
      .sort((a, b) => a.end - b.end || a.start - b.start || a.window - b.window);
    const raw = this.#merge(windows);
    for (const [name] of due) this.#pending.delete(name);
    this.emittedCount += windows.length;
    const kinds = taken.map(({ texts }) => texts.map(({ kind }) => ({ kind, strings: [] })));
    return { raw, texts: joinStrings([...new Set(windows.flatMap(({ texts }) => texts)), ...kinds]), watermark };
  }

  /**
   * Merges the workers' answers to a query into one, for the latest of their times. Parts of other windows are ignored.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  answer(answers: readonly Answer[]): Answer {
    const at = Math.max(...answers.map((one) => one.at));
    const latest = answers.find((one) => one.at === at) as Answer;
    const windows = latest.raw.rows.map((bounds, window): WindowParts => {
      const [start, end] = bounds as unknown as [number, number];
      const parts = answers.flatMap(({ raw }) => {
        const own = raw.rows[window] as Float64Array<ArrayBuffer>;
        return Object.is(own[1], end) ? partsOf(own.slice(2), raw.lists) : [];
      });
      return { window, start, end, parts, texts: [] };
    });
    const { outputs, lists } = this.#merge(windows);
    const answerOf = ({ start, end }: WindowParts, w: number) =>
      Float64Array.from([start, end, ...outputs.map((column) => column[w] as number)]);
    return {
      raw: { rows: windows.map(answerOf), lists },
      texts: joinStrings(answers.map(({ texts }) => texts)),
      at,
    };
  }

  #add(window: number, start: number, end: number, part: Uint8Array, texts: StringsByColumn): void {
    const name = `${window} ${start} ${end}`;
    const entry = this.#pending.get(name) ?? { window, start, end, parts: [], texts: [] };
    entry.parts.push(part);
    entry.texts.push(texts);
    this.#pending.set(name, entry);
  }

  /** Merges the parts of each window into one result, in the given order. */
  #merge(windows: readonly WindowParts[]): RawResults {
    const { core, handle, results } = this.engine;
    const { exports } = core;
    this.engine.open();
    for (const { window, start, end, parts } of windows) {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      const packed = exports.openPacked(bytes);
      // The packed parts, and the states while they are merged: the result may be twice as large as its parts.
      if (!packed || !exports.reserve(4 * bytes + MERGE_SPARE_BYTES)) {
        if (packed) exports.closePacked(packed);
        exports.emptyResults(handle);
        throw new OrielError(
          'ERR_ORIEL_MEMORY',
          'there is no room on this thread to merge what the workers have of a window',
        );
      }
      let at = packed;
      for (const part of parts) {
        core.bytes.set(part, at);
        at += part.length;
      }
      exports.putMerged(handle, packed, parts.length, start, end, window);
      exports.closePacked(packed);
    }
    const raw = results.gather();
    const lists = raw.lists.slice();
    exports.emptyResults(handle);
    return { ...raw, lists };
  }
}

/** Memory that a merge can need beyond a multiple of its input: a sketch may grow to its full table. */
const MERGE_SPARE_BYTES = 1 << 24;

/** Copies the bytes of every part out of a column of lists. */
function partsOf(column: Float64Array<ArrayBuffer> | undefined, lists: Float64Array): Uint8Array[] {
  const { buffer = new ArrayBuffer(), byteOffset = 0, length = 0 } = column ?? {};
  const places = new Uint32Array(buffer, byteOffset, 2 * length);
  return Array.from({ length: places.length / 2 }, (_, i) => {
    const from = lists.byteOffset + 8 * (places[2 * i] as number);
    return new Uint8Array(lists.buffer, from, 8 * (places[2 * i + 1] as number)).slice();
  });
}

/** Concatenates the strings of every column; a column's kind is the first one known. */
function joinStrings(all: readonly StringsByColumn[]): StringsByColumn {
  return (all[0] ?? []).map((_, i) => ({
    kind: all.find((texts) => texts[i]?.kind)?.[i]?.kind,
    strings: all.flatMap((texts) => texts[i]?.strings ?? []),
  }));
}

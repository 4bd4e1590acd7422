/**
 * The results of a stream without keys whose events are spread over several workers: each has a part of every window, and a window is given
 * out when no worker has anything of it any more.
 */

import { OrielError } from '../base/errors';
import type { Engine } from '../engine/engine';
import type { RawResults } from '../plan/results';
import type { Calls, StringsByColumn } from './protocol';

type Taken = Calls['take']['back'];
type Answer = Calls['query']['back'];

/** What workers have of one window. */
interface Whole {
  readonly window: number;
  readonly start: number;
  readonly end: number;
  readonly parts: Uint8Array[];
  readonly texts: StringsByColumn[];
}

export class Merger {
  readonly #waiting = new Map<string, Whole>();
  /** How many windows have been given out. */
  windows = 0;

  constructor(readonly engine: Engine) {}

  /** Takes what workers gave out, each up to its watermark; gives the windows that all have passed, in order. @throws {OrielError} ERR_ORIEL_MEMORY */
  take(taken: readonly Taken[]): Taken {
    const { spec } = this.engine;
    for (const { raw, texts } of taken) {
      const parts = partsOf(raw.figures[0], raw.lists);
      parts.forEach((part, i) => {
        this.#add(raw.windows[i] as number, raw.starts[i] as number, raw.ends[i] as number, part, texts);
      });
    }
    const watermark = Math.min(...taken.map((one) => one.watermark));
    const due = [...this.#waiting].filter(([, { end }]) => end + spec.allowedLateness <= watermark);
    const wholes = due
      .map(([, whole]) => whole)
      .sort((a, b) => a.end - b.end || a.start - b.start || a.window - b.window);
    const raw = this.#merge(wholes);
    for (const [name] of due) this.#waiting.delete(name);
    this.windows += wholes.length;
    const kinds = taken.map(({ texts }) => texts.map(({ kind }) => ({ kind, strings: [] })));
    return { raw, texts: joined([...new Set(wholes.flatMap(({ texts }) => texts)), ...kinds]), watermark };
  }

  /** One answer out of those of all workers, as of the latest time of theirs. @throws {OrielError} ERR_ORIEL_MEMORY */
  ask(answers: readonly Answer[]): Answer {
    const at = Math.max(...answers.map((one) => one.at));
    const latest = answers.find((one) => one.at === at) as Answer;
    const wholes = latest.raw.figures.map((bounds, window): Whole => {
      const [start, end] = bounds as unknown as [number, number];
      const parts = answers.flatMap(({ raw }) => {
        const own = raw.figures[window] as Float64Array<ArrayBuffer>;
        return Object.is(own[1], end) ? partsOf(own.slice(2), raw.lists) : [];
      });
      return { window, start, end, parts, texts: [] };
    });
    const { figures, lists } = this.#merge(wholes);
    const answerOf = ({ start, end }: Whole, w: number) =>
      Float64Array.from([start, end, ...figures.map((column) => column[w] as number)]);
    return { raw: { figures: wholes.map(answerOf), lists }, texts: joined(answers.map(({ texts }) => texts)), at };
  }

  #add(window: number, start: number, end: number, part: Uint8Array, texts: StringsByColumn): void {
    const name = `${window} ${start} ${end}`;
    const whole = this.#waiting.get(name) ?? { window, start, end, parts: [], texts: [] };
    whole.parts.push(part);
    whole.texts.push(texts);
    this.#waiting.set(name, whole);
  }

  /** Results, one for each window, in the order in which they stand. */
  #merge(wholes: readonly Whole[]): RawResults {
    const { core, handle, results } = this.engine;
    const { exports } = core;
    for (const { window, start, end, parts } of wholes) {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      const packed = exports.openPacked(bytes);
      // Once as they are, and again while they are merged, which may make what comes of it twice as large.
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

/** What merging can take beside what is merged: sketches become whole tables. */
const MERGE_SPARE_BYTES = 1 << 24;

/** The bytes of every part in a column of lists. */
function partsOf(column: Float64Array<ArrayBuffer> | undefined, lists: Float64Array): Uint8Array[] {
  const places = new Uint32Array(column?.buffer ?? new ArrayBuffer(0));
  return Array.from({ length: places.length / 2 }, (_, i) => {
    const from = lists.byteOffset + 8 * (places[2 * i] as number);
    return new Uint8Array(lists.buffer, from, 8 * (places[2 * i + 1] as number)).slice();
  });
}

/** All strings, of every column. */
function joined(all: readonly StringsByColumn[]): StringsByColumn {
  return (all[0] ?? []).map((_, i) => ({
    kind: all.find((texts) => texts[i]?.kind)?.[i]?.kind,
    strings: all.flatMap((texts) => texts[i]?.strings ?? []),
  }));
}

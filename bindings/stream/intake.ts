/**
 * Queues the items of a source until the stream has taken them. Law: items are taken in order, and an item that was
 * read is lost only if it, or one before it, is refused.
 */

import { OrielError } from '../base/errors';
import { isColumn } from '../input/columns';
import type { Given } from '../spec/column-input';
import type { Sink } from './source';

/** An intake is full once its items have this many events in total. */
const GATHERED_EVENTS = 4096;

/** Events as rows or as columns. */
export type Events = readonly object[] | Record<string, Given>;

/**
 * Pushes events to a stream. If it returns a function, not all of them are in yet: call that function, and await it,
 * until it resolves to true.
 */
export type TakeEvents = (events: Events) => (() => Promise<boolean>) | undefined;

/**
 * Events that are pushed together: one item that is an array or columns, or several consecutive items that are single
 * events.
 */
interface Load {
  /** Index of its first item in the source. */
  readonly item: number;
  readonly events: Events;
  /** Whether it consists of single events, one to each item. */
  readonly isGathered: boolean;
  /** Continues a push that has begun. */
  more?: (() => Promise<boolean>) | undefined;
}

export class Intake implements Sink {
  readonly #enter: TakeEvents;
  readonly #column: string | undefined;
  #loads: Load[] = [];
  /** The events of the last load, if single events may still be added to it. */
  #singles: unknown[] | undefined;
  /** Number of items read from the source. */
  #items = 0;
  /** Number of events added since the last `enter`. */
  #events = 0;
  #isEntering = false;

  /** @param column tells columns from an event: in a record of columns, its value under this name is a column */
  constructor(enter: TakeEvents, column: string | undefined) {
    this.#enter = enter;
    this.#column = column;
  }

  get isEmpty(): boolean {
    return this.#loads.length === 0;
  }

  get isFull(): boolean {
    return this.#events >= GATHERED_EVENTS;
  }

  add(item: unknown): void {
    const column = Array.isArray(item) ? item : this.#columnOf(item);
    if (column) {
      this.#singles = undefined;
      this.#loads.push({ item: this.#items, events: item as Events, isGathered: false });
      this.#events += column.length;
    } else if (this.#singles) {
      this.#singles.push(item);
      this.#events++;
    } else {
      this.#singles = [item];
      this.#loads.push({ item: this.#items, events: this.#singles as object[], isGathered: true });
      this.#events++;
    }
    this.#items++;
  }

  addLast(item: unknown): void {
    this.add(item);
    // The iteration is over, so there is nobody to report a failure to.
    if (!this.#isEntering) this.enter().catch(() => undefined);
  }

  /** The column by which an item is recognized as columns; undefined if it is an event. */
  #columnOf(item: unknown): { readonly length: number } | undefined {
    if (this.#column === undefined || typeof item !== 'object' || item === null) return undefined;
    const value = (item as Record<string, unknown>)[this.#column];
    return typeof value === 'object' && isColumn(value) ? value : undefined;
  }

  /**
   * Pushes all queued items in order. If one is refused, it and all after it are dropped; if there is no room for it,
   * they stay queued for another call.
   * @returns the number of events that were added since the last call
   * @throws {OrielError} the stream's error, with the index of the refused item in the source
   */
  async enter(): Promise<number> {
    const events = this.#events;
    this.#events = 0;
    this.#isEntering = true;
    try {
      for (let load = this.#loads[0]; load; load = this.#loads[0]) await this.#put(load);
    } finally {
      this.#isEntering = false;
    }
    return events;
  }

  async #put(load: Load): Promise<void> {
    this.#singles = undefined;
    try {
      load.more ??= this.#enter(load.events);
      while (load.more && !(await load.more()));
      this.#loads.shift();
    } catch (error) {
      this.#refuse(load, error);
    }
  }

  /** Handles a failed push. Gathered events are halved and tried again, until the one that is refused is alone. */
  #refuse(load: Load, error: unknown): void {
    const { item, events, isGathered, more } = load;
    if (isGathered && !more && events.length !== 1) {
      const list = events as readonly object[];
      const half = list.length >> 1;
      const parts = [list.slice(0, half), list.slice(half)] as const;
      this.#loads.splice(
        0,
        1,
        { item, events: parts[0], isGathered },
        { item: item + half, events: parts[1], isGathered },
      );
      return;
    }
    if (!isForRoom(error)) this.#loads = [];
    if (!(error instanceof OrielError)) throw error;
    throw new OrielError(error.code, `item ${item} of the source: ${error.message}`, { cause: error });
  }
}

/** Whether an error means that the stream is full, so that taking results may help. */
export function isForRoom(error: unknown): boolean {
  return error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY';
}

/** Items of a source on their way into a stream: kept in order until they are in, so that of what was read nothing is lost. */

import { OrielError } from '../base/errors';
import { isColumn } from '../input/columns';
import type { Given } from '../spec/column-input';
import type { Sink } from './source';

/** Single events are gathered up to this many before they go in, and of batches so many are read as have this many. */
const GATHERED_EVENTS = 4096;

export type Events = readonly object[] | Record<string, Given>;

/** Takes events, all or none of them; what it may give back is to be called, and waited for, until it says that all are in. */
export type TakeEvents = (events: Events) => (() => Promise<boolean>) | undefined;

/** An item, or several that are single events. */
interface Load {
  /** Of the first, in the source. */
  readonly item: number;
  readonly events: Events;
  readonly isGathered: boolean;
  more?: (() => Promise<boolean>) | undefined;
}

export class Intake implements Sink {
  readonly #enter: TakeEvents;
  readonly #column: string | undefined;
  #loads: Load[] = [];
  #singles: unknown[] | undefined;
  #items = 0;
  #events = 0;
  #isEntering = false;

  /** @param column the one by which columns are told from an event: there it has a value */
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
    // Nobody is there to be told what becomes of it.
    if (!this.#isEntering) this.enter().catch(() => undefined);
  }

  #columnOf(item: unknown): { readonly length: number } | undefined {
    if (this.#column === undefined || typeof item !== 'object' || item === null) return undefined;
    const value = (item as Record<string, unknown>)[this.#column];
    return typeof value === 'object' && isColumn(value) ? value : undefined;
  }

  /**
   * Puts everything in. Of what does not go in, nothing after it does either; where that is for want of room, all of it stays for another call.
   * @returns how many events that was
   * @throws {OrielError} what the stream says of the first item that is refused, naming its place in the source
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

  /** Of several events that are refused together, it is found out which is. */
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

/** Whether an error says that there is no room, until results are taken. */
export function isForRoom(error: unknown): boolean {
  return error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY';
}

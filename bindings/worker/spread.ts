/**
 * Spreads events over the rings of several workers by the hashes of their keys, so that each key has one worker.
 *
 * Cost: each column is gone over once, whatever the number of rings.
 */

import { RING_EVENTS } from '../base/core';
import type { CheckedColumns } from '../input/event-fields';
import type { EventWriter } from '../input/event-writer';
import type { Given, Numbers } from '../spec/column-input';
import { mixIntoHash, workerOfHash } from './partition';
import type { ProducerRing } from './producer-ring';
import type { Segment } from './ring-layout';

/** For the events being spread: the hash of the key, the index of the ring, and the place in that ring's segment. */
const hashes = new Int32Array(RING_EVENTS);
const which = new Uint8Array(RING_EVENTS);
const places = new Uint16Array(RING_EVENTS);

/** The ring of an event, whose key need not be checked yet. */
export function ringOfEvent(rings: readonly ProducerRing[], keys: readonly string[], event: Record<string, unknown>) {
  let hash = 0;
  for (const name of keys) hash = mixIntoHash(hash, event[name]);
  return rings[workerOfHash(hash, rings.length)] as ProducerRing;
}

/** Writes up to n consecutive events from index `from` on, each into the ring of its key; returns how many. */
export function spread(rings: readonly ProducerRing[], columns: CheckedColumns, from: number, n: number): number {
  const { times, numbers } = columns;
  const keys = columns.keys as readonly Given[];
  const texts = columns.texts as readonly Given[];
  const segments = rings.map((ring) => ring.segment);
  const writers = rings.map((ring) => ring.writer);
  let count = assign(rings, keys, from, Math.min(n, RING_EVENTS));
  keys.forEach((column, c) => {
    for (let i = 0; i < count; i++) {
      const ring = which[i] as number;
      const writer = writers[ring] as EventWriter;
      if (!writer.writePart(segments[ring] as Segment, c, column[from + i], places[i] as number)) count = i;
    }
  });
  texts.forEach((column, t) => {
    for (let i = 0; i < count; i++) {
      const ring = which[i] as number;
      const writer = writers[ring] as EventWriter;
      if (!writer.writeText(segments[ring] as Segment, t, column[from + i], places[i] as number)) count = i;
    }
  });
  scatter(
    segments.map((segment) => segment.times),
    times,
    from,
    count,
  );
  numbers.forEach((column, m) => {
    scatter(
      segments.map((segment) => segment.measures[m] as Float64Array),
      column,
      from,
      count,
    );
  });
  for (let i = 0; i < count; i++) (rings[which[i] as number] as ProducerRing).written++;
  return count;
}

/** Assigns up to n events to rings and places, until one of the rings is full; returns how many. */
function assign(rings: readonly ProducerRing[], keys: readonly Given[], from: number, n: number): number {
  hashes.fill(0, 0, n);
  for (const column of keys) {
    for (let i = 0; i < n; i++) hashes[i] = mixIntoHash(hashes[i] as number, column[from + i]);
  }
  const next = rings.map((ring) => ring.at);
  const ends = rings.map((ring) => ring.at + ring.room(RING_EVENTS));
  for (let i = 0; i < n; i++) {
    const ring = workerOfHash(hashes[i] as number, next.length);
    const place = next[ring] as number;
    if (place >= (ends[ring] as number)) return i;
    next[ring] = place + 1;
    which[i] = ring;
    places[i] = place;
  }
  return n;
}

/** Copies n values, from index `from` on, each into the column of its ring at its place. */
function scatter(into: readonly Float64Array[], values: Numbers, from: number, n: number): void {
  for (let i = 0; i < n; i++) {
    (into[which[i] as number] as Float64Array)[places[i] as number] = values[from + i] as number;
  }
}

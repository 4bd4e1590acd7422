/**
 * Checks the laws that headers state: of the allocator, the dictionary, the clock of samples and every store of a
 * stream. The debug build alone exports this file; the differential suites call `check` after every batch.
 *
 * A store verifies itself: `verify(stream, self, census)` returns the first law that does not hold, and counts in the
 * census what the store holds of each id. The bindings find it by its name as they find the other functions of a store
 * (window/window-registry.ts).
 */

import { areBlocksSound, areListsSound } from './base/allocator';
import { Census, createCensus, destroyCensus } from './census';
import { countSamples } from './ingest/counter-steps';
import { countOf, Dictionary, isOrderSound } from './ingest/dictionary';
import { Law } from './law';
import { storeAt } from './store';
import { Stream } from './stream';

export { probeCount } from './base/hash';
export { verify as counted_verify } from './window/count/counted';
export { verify as filled_verify } from './window/count/filled';
export { verify as slicing_verify } from './window/grid/slicing';
export { verify as triggered_verify } from './window/grid/triggered';
export { verify as rolling_verify } from './window/rolling/rolling';
export { verify as unkeyed_verify } from './window/rolling/unkeyed';
export { verify as capped_verify } from './window/session/capped';
export { verify as session_verify } from './window/session/session';

/** The first law that does not hold between two calls on a stream; Law.none if all hold. */
export function check(stream: Stream): Law {
  if (!areBlocksSound()) return Law.blocks;
  if (!areListsSound()) return Law.freeLists;
  const keys = changetype<Dictionary>(stream.dictionary);
  if (!isOrderSound(keys)) return Law.order;
  // Stores that have never held anything are not asked: they compute in scratch.
  if (!stream.isOpen) return Law.none;
  const census = createCensus(keys.limit);
  let broken: Law = Law.none;
  for (let s = 0; s < stream.storeCount && !broken; s++)
    broken = storeAt(stream, s).verify(stream, changetype<usize>(census));
  countSamples(stream, census);
  if (!broken) broken = compare(keys, census);
  destroyCensus(census);
  return broken;
}

/** Compares what the dictionary counts with what was found. */
function compare(keys: Dictionary, census: Census): Law {
  if (census.hasStrays) return Law.chains;
  for (let id: u32 = 0; id < keys.limit; id++) {
    if (countOf(keys.live, id) != countOf(census.live, id)) return Law.live;
    if ((keys.pins ? countOf(keys.pins, id) : 0) != countOf(census.pins, id)) return Law.pins;
  }
  return Law.none;
}

/**
 * All kinds of windows. A kind is a file that exports the functions below, and an entry here that exports them again as
 * `kind_function`. The bindings find them by these names; nothing else in the core knows which kinds there are.
 *
 * 1. Windows on a grid of time lie where the clock says, whatever the events. A kind numbers its windows by k, a whole
 * f64. Starts and ends never decrease as k grows. Slices, firing, lateness, queries and memory are the same for all
 * kinds: all windows on a grid of a plan share one store, `slicing` or `triggered` below.
 *
 *     function           returns
 *     start(window, k)   start of window k, which is [start, end)
 *     end(window, k)     end of window k
 *     newest(window, t)  the greatest k that has begun at t: start <= t
 *     oldest(window, t)  the least k that has not ended at t: end > t; above newest if no window holds t
 *
 * 2. Windows off the grid lie where events say. Each has a store of its own, whose name is that of the kind.
 *
 * A store exports the functions below (their signatures are in store.ts). `self` is the address that `create` returned,
 * n a number of events, `watermark` = Infinity the end of the stream.
 *
 *     function                            does, or returns
 *     create(stream, w, count)            builds the store of `count` windows from number w of the plan on; returns its
 *                                         address. Only stores of windows on a grid are asked for more than one.
 *                                         Called with the first event or query; `advance` follows if time was moved
 *                                         before
 *     destroy(stream, self)               releases the store with all that it holds
 *     take(stream, self, at, n)           takes n consecutive events from place `at` of the ring; fires what falls due
 *     advance(stream, self, watermark)    moves the watermark without an event; fires what falls due
 *     query(stream, self, w, id, t,       row of the key's window w at time t, the empty row if it has none; sets the
 *           bounds)                       bounds of that window. The caller drops the row if it lies in
 *                                         scratch.temporary
 *     demand(stream, self, n, first,      adds to `bound` upper bounds on the bytes and results of n events with times
 *            last, moveTo, bound)         from `first` to `last`, the newest time then being at most moveTo; for n = 0
 *                                         on the bytes that firing everything open can need. See budget.ts
 *     absorbs(stream, self, at, n)        whether each of n events from place `at` of the ring, where their ids stand,
 *                                         only changes a row that has events, and nothing is allocated, fired or
 *                                         released. Optional: without it a full stream is slow. See forecast.ts
 *     live(stream, self)                  number of open windows, or of keys with events, for Stat.liveSlices
 *     verify(stream, self, census)        the first law that the store breaks; counts what it holds of each id.
 *                                         check.ts exports it, in the debug build alone
 *
 * A store keeps these laws:
 *
 *     clock     `take` moves stream.newest and stream.watermark with every event (ingest/clock.ts)
 *     schedule  it sets stream.fireAt, so that nothing fires or is released before; or stream.isScheduled to false
 *     cause     every result is put into the outbox with its cause (cause.ts)
 *     misses    `noteMiss` is called for each event that the store does not take, unless it is too far in the future
 *     ids       while the store holds anything of a key it keeps the id pinned (`pin`, `unpin`) or counted (`countRow`)
 *     strings   numbers of strings stand at addresses that are multiples of 8, as they came: see retention.ts
 *     batches   results depend on events alone, never on where batches are cut
 *     memory    with the demand of n events available, taking them cannot fail
 */
export {
  end as tumbling_end,
  newest as tumbling_newest,
  oldest as tumbling_oldest,
  start as tumbling_start,
} from './grid/kind/tumbling';
export {
  end as hopping_end,
  newest as hopping_newest,
  oldest as hopping_oldest,
  start as hopping_start,
} from './grid/kind/hopping';
export {
  end as cumulative_end,
  newest as cumulative_newest,
  oldest as cumulative_oldest,
  start as cumulative_start,
} from './grid/kind/cumulative';
export {
  end as calendar_end,
  newest as calendar_newest,
  oldest as calendar_oldest,
  start as calendar_start,
} from './grid/kind/calendar';
export {
  end as everything_end,
  newest as everything_newest,
  oldest as everything_oldest,
  start as everything_start,
} from './grid/kind/everything';
export {
  create as slicing_create,
  destroy as slicing_destroy,
  take as slicing_take,
  advance as slicing_advance,
  query as slicing_query,
  demand as slicing_demand,
  absorbs as slicing_absorbs,
  live as slicing_live,
} from './grid/slicing';
export {
  create as triggered_create,
  destroy as triggered_destroy,
  take as triggered_take,
  advance as triggered_advance,
  query as triggered_query,
  demand as triggered_demand,
  absorbs as triggered_absorbs,
  live as triggered_live,
} from './grid/triggered';
export {
  create as session_create,
  destroy as session_destroy,
  take as session_take,
  advance as session_advance,
  query as session_query,
  demand as session_demand,
  absorbs as session_absorbs,
  live as session_live,
} from './session/session';
export {
  create as capped_create,
  destroy as capped_destroy,
  take as capped_take,
  advance as capped_advance,
  query as capped_query,
  demand as capped_demand,
  live as capped_live,
} from './session/capped';
export {
  create as filled_create,
  destroy as filled_destroy,
  take as filled_take,
  advance as filled_advance,
  query as filled_query,
  demand as filled_demand,
  live as filled_live,
} from './count/filled';
export {
  create as counted_create,
  destroy as counted_destroy,
  take as counted_take,
  advance as counted_advance,
  query as counted_query,
  demand as counted_demand,
  live as counted_live,
} from './count/counted';
export {
  create as rolling_create,
  destroy as rolling_destroy,
  take as rolling_take,
  advance as rolling_advance,
  query as rolling_query,
  demand as rolling_demand,
  live as rolling_live,
} from './rolling/rolling';
export {
  create as unkeyed_create,
  destroy as unkeyed_destroy,
  take as unkeyed_take,
  advance as unkeyed_advance,
  query as unkeyed_query,
  demand as unkeyed_demand,
  live as unkeyed_live,
} from './rolling/unkeyed';

/**
 * All kinds of windows. A kind is a file that exports the functions below, and an entry here that exports them again as
 * `kind_function`. The bindings find them by these names; nothing else in the core knows which kinds there are.
 *
 * 1. Windows on a grid of time lie where the clock says, whatever the events. A kind numbers its windows by k, a whole
 * f64. Starts and ends never decrease as k grows. `window` is the address of the WindowPlan. Slices, firing, lateness,
 * queries and memory are the same for all kinds (window/grid/).
 *
 *     function           returns
 *     start(window, k)   start of window k, which is [start, end)
 *     end(window, k)     end of window k
 *     newest(window, t)  the greatest k that has begun at t: start <= t
 *     oldest(window, t)  the least k that has not ended at t: end > t; above newest if no window holds t
 *
 * 2. Other windows lie where events say. Each has a store of its own. `w` is the number of the window in the plan,
 * `store` the address that `create` returned, n a number of events, `watermark` = Infinity the end of the stream.
 *
 *     function                           does, or returns
 *     create(stream, w)                  builds the store; returns its address
 *     destroy(stream, store)             releases the store with all that it holds
 *     take(stream, store, at, n)         takes n consecutive events from place `at` of the ring; fires what falls due
 *     advance(stream, store, watermark)  moves the watermark without an event; fires what falls due
 *     query(stream, store, id, t)        row of the key's window at time t, the empty row if it has none; puts the
 *                                        bounds of the window into stream.askedStart and askedEnd; the caller drops the
 *                                        row if it lies in scratch.temporary
 *     demand(stream, store, n)           upper bound on the bytes that n events can need, results apart; for n = 0 on
 *                                        the bytes that firing everything open can need
 *     due(stream, store, n, watermark)   upper bound on the results of n events and a move to `watermark`
 *     copies(stream, store, n)           upper bound on the results that one event can be part of; optional, 1 without
 *                                        it; not called if rows can fire more than once (`firesAgain`)
 *     live(stream, store)                number of open windows, or of keys with events, for Stat.liveSlices
 *     earliest(stream, store)            a time before which the store holds no event, Infinity if it is empty; see
 *                                        retention.ts
 *
 * A store keeps these laws:
 *
 *     clock     `take` moves stream.newest and stream.watermark with every event (ingest/clock.ts)
 *     cause     every result is put into the outbox with its cause: stream.cause, or one each by `putCauses`
 *     misses    `miss` is called for each event that the store does not take, unless it is too far in the future
 *     ids       while the store holds anything of a key it keeps the id pinned (`pin`, `unpin`)
 *     batches   results depend on events alone, never on where batches are cut
 *     memory    with demand(n) bytes available, taking n events cannot fail
 *
 * A store whose heap states evict values (rolling) sets WindowPlan.evicts in `create`; its demand then includes what
 * heap states need.
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
  create as session_create,
  destroy as session_destroy,
  take as session_take,
  advance as session_advance,
  query as session_query,
  demand as session_demand,
  due as session_due,
  live as session_live,
  earliest as session_earliest,
} from './session/session';
export {
  create as capped_create,
  destroy as capped_destroy,
  take as capped_take,
  advance as capped_advance,
  query as capped_query,
  demand as capped_demand,
  due as capped_due,
  live as capped_live,
  earliest as capped_earliest,
} from './session/capped';
export {
  create as filled_create,
  destroy as filled_destroy,
  take as filled_take,
  advance as filled_advance,
  query as filled_query,
  demand as filled_demand,
  due as filled_due,
  live as filled_live,
  earliest as filled_earliest,
} from './count/filled';
export {
  create as counted_create,
  destroy as counted_destroy,
  take as counted_take,
  advance as counted_advance,
  query as counted_query,
  demand as counted_demand,
  due as counted_due,
  copies as counted_copies,
  live as counted_live,
  earliest as counted_earliest,
} from './count/counted';
export {
  create as rolling_create,
  destroy as rolling_destroy,
  take as rolling_take,
  advance as rolling_advance,
  query as rolling_query,
  demand as rolling_demand,
  due as rolling_due,
  copies as rolling_copies,
  live as rolling_live,
  earliest as rolling_earliest,
} from './rolling/rolling';
export {
  create as unkeyed_create,
  destroy as unkeyed_destroy,
  take as unkeyed_take,
  advance as unkeyed_advance,
  query as unkeyed_query,
  demand as unkeyed_demand,
  due as unkeyed_due,
  live as unkeyed_live,
  earliest as unkeyed_earliest,
} from './rolling/unkeyed';

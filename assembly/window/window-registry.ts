/**
 * Every kind of window, a line each; the bindings find it by the names of the exports. Most lie on a grid of time: such a kind numbers its
 * windows by k, in order of both start and end, and says where they lie; all else in the core is the same for every one of them.
 *
 *     start, end (window, k)     window k is [start, end)
 *     newest(window, t)          the greatest k that has begun: start <= t
 *     oldest(window, t)          the least k that has not ended: t < end
 *
 * Where windows lie depends on events for the others. Each has a store of its own, that works on a whole batch at a time:
 *
 *     create(stream, w), destroy(stream, store)
 *     take(stream, store, at, n)                n events from place `at` of the ring on; moves the clock with each
 *     advance(stream, store, watermark)         no event, but time moves on; Infinity: the stream ends
 *     query(stream, store, id, t)               the row of a key's window at time t, and its bounds
 *     demand(stream, store, n)                  bytes that n events can need at the most, results apart
 *     due(stream, store, n, watermark)          results that n events, and the watermark moving so far, can give at the most
 *     copies(stream, store, n)                  in how many of those results one event can be; without it: in one, unless rows fire again
 *     live(stream, store)                       how many windows or keys it holds
 *     since(stream, store)                      time of the earliest event that it may hold, Infinity if none: see since.ts
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

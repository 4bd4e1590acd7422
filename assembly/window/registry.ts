/**
 * Every kind of window, a line each. A kind numbers its windows by k, in order of both start and end, and says where they
 * lie; the bindings find it by the names of the exports, and all else in the core is the same for every kind.
 *
 *     start, end (window, k)     window k is [start, end)
 *     newest(window, t)          the greatest k that has begun: start <= t
 *     oldest(window, t)          the least k that has not ended: t < end
 */
export { end as tumbling_end, newest as tumbling_newest, oldest as tumbling_oldest, start as tumbling_start } from './tumbling';
export { end as hopping_end, newest as hopping_newest, oldest as hopping_oldest, start as hopping_start } from './hopping';

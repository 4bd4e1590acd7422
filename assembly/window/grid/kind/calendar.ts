/**
 * Windows of local time. Their edges are those of the listed windows: see calendar-list.ts.
 *
 * Cost: a search of the list per call.
 */

import { Window } from '../../../window';
import { END, first, K, lastUpTo, nextOf, START } from '../calendar-list';

/**
 * The start or end of window k. A window that is not listed counts as empty: both its edges are the start of the next
 * listed window, Infinity after the last and -Infinity before the first.
 */
function edgeOf(window: Window, k: f64, field: usize): f64 {
  const entry = lastUpTo(window, K, k);
  if (!entry) return -Infinity;
  if (load<f64>(entry, K) == k) return load<f64>(entry + field);
  const next = nextOf(entry);
  return next ? load<f64>(next, START) : Infinity;
}

export function start(window: Window, k: f64): f64 {
  return edgeOf(window, k, START);
}

export function end(window: Window, k: f64): f64 {
  return edgeOf(window, k, END);
}

export function newest(window: Window, t: f64): f64 {
  const entry = lastUpTo(window, START, t);
  return entry ? load<f64>(entry, K) : -Infinity;
}

export function oldest(window: Window, t: f64): f64 {
  const ended = lastUpTo(window, END, t);
  const entry = ended ? nextOf(ended) : first(window);
  // Windows that are not listed end where the next one begins.
  if (entry && (!ended || load<f64>(entry, START) <= t)) return load<f64>(entry, K);
  return ended ? load<f64>(ended, K) + 1 : 0;
}

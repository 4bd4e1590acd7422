/** The same question in plain JavaScript, as people write it first: every flight is added to each window it lies in. */

import type { Flights } from './flights-data';

export interface State {
  departures: number;
  mean: number;
  squares: number;
  worst: number;
}

/** Calls `fire` for each window as it ends, with the state of each airport (Welford's mean and squared deviations). */
export function plainWindows(
  { time, delay, origin }: Flights,
  size: number,
  every: number,
  fire: (start: number, airports: Map<string, State>) => void,
): void {
  const windows = new Map<number, Map<string, State>>();
  for (let i = 0; i < time.length; i++) {
    const t = time[i] as number;
    for (const [start, airports] of windows) {
      if (start + size > t) break;
      fire(start, airports);
      windows.delete(start);
    }
    const newest = Math.floor(t / every) * every;
    for (let start = newest - size + every; start <= newest; start += every) {
      let airports = windows.get(start);
      if (!airports) {
        airports = new Map();
        windows.set(start, airports);
      }
      let state = airports.get(origin[i] as string);
      if (!state) {
        state = { departures: 0, mean: 0, squares: 0, worst: Number.NEGATIVE_INFINITY };
        airports.set(origin[i] as string, state);
      }
      const minutes = delay[i] as number;
      const far = minutes - state.mean;
      state.departures += 1;
      state.mean += far / state.departures;
      state.squares += far * (minutes - state.mean);
      if (minutes > state.worst) state.worst = minutes;
    }
  }
  for (const [start, airports] of windows) fire(start, airports);
}

/** A sketch or a set for each key (a dense id), in tumbling windows. Libraries are used as their authors show. */

import { DDSketch } from '@datadog/sketches-js';
import * as hdr from 'hdr-histogram-js';
import { TDigest } from 'tdigest';
import { Outbox } from './outbox';

/** The state of a key in a window. */
export interface State {
  add(value: number): void;
  lower(): number;
}

export const datadog = (q: number) => (): State => {
  const sketch = new DDSketch({ relativeAccuracy: 0.01 });
  return { add: (value) => sketch.accept(value), lower: () => sketch.getValueAtQuantile(q) };
};

export const digest = (q: number) => (): State => {
  const sketch = new TDigest();
  return { add: (value) => sketch.push(value), lower: () => sketch.percentile(q) as number };
};

/** Values are rounded, because the library takes whole numbers only. */
export const histogram = (q: number) => (): State => {
  const sketch = hdr.build({ numberOfSignificantValueDigits: 2, autoResize: true });
  return {
    add: (value) => sketch.recordValue(Math.round(value)),
    lower: () => sketch.getValueAtPercentile(q * 100),
  };
};

export const set = (): State => {
  const values = new Set<number>();
  return { add: (value) => void values.add(value), lower: () => values.size };
};

export class PerKey {
  start = 0;
  states: (State | undefined)[] = [];
  readonly out = new Outbox(['start', 'end', 'key', 'result']);

  constructor(
    readonly size: number,
    readonly keys: number,
    readonly create: () => State,
  ) {}

  push(times: Float64Array, ids: Uint32Array, values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const t = times[i] as number;
      if (t >= this.start + this.size) {
        this.fire();
        this.start = Math.floor(t / this.size) * this.size;
      }
      const id = ids[i] as number;
      let state = this.states[id];
      if (!state) {
        state = this.create();
        this.states[id] = state;
      }
      state.add(values[i] as number);
    }
  }

  fire(): void {
    for (let id = 0; id < this.keys; id++) {
      const state = this.states[id];
      if (!state) continue;
      this.out.reserve(1);
      const { columns, length } = this.out;
      [this.start, this.start + this.size, id, state.lower()].forEach((value, c) => {
        (columns[c] as Float64Array)[length] = value;
      });
      this.out.length++;
    }
    this.states = [];
  }
}

/** Streams told step by step, with their results as lines of text, for tests that tell a short story. */

import { onTestFinished } from 'vitest';
import { type Spec, sum } from '../../bindings';
import { type Row, type Stream, windowed } from './scenarios';

/** An event of a key with a value, which is 1 by default; or a time to which the watermark is moved by hand. */
export type Step = [key: string, t: number, v?: number] | number;

export interface Stepped {
  stream: Stream;
  /** Runs the steps and returns the lines of the results they fired. */
  step(...steps: Step[]): string[];
  /** Closes and disposes of the stream, and returns the lines of its last results. */
  close(): string[];
  /** The late events so far, each as `key t`. */
  late: string[];
}

/** A stream that sums `v` as `s` by key, unless the options say otherwise. It is disposed of when the test ends. */
export function stepped(window: Spec['window'], options: Partial<Spec> = {}): Stepped {
  const late: string[] = [];
  const onLate = (batch: Iterable<Row>) => {
    for (const { k, t } of batch) late.push(`${k} ${t}`);
  };
  const stream = windowed({ time: 't', key: 'k', window, aggregates: { s: sum('v') }, onLate, ...options });
  onTestFinished(() => stream[Symbol.dispose]());
  return {
    stream,
    late,
    step(...steps) {
      for (const one of steps) {
        if (typeof one === 'number') stream.advance(one);
        else stream.push({ k: one[0], t: one[1], v: one[2] ?? 1 });
      }
      return lines(stream.take());
    },
    close() {
      const given = lines(stream.close());
      stream[Symbol.dispose]();
      return given;
    },
  };
}

/** Rows as text: window, key, `[start, end)` or time, sum; and if there are panes the pane, its index, ! if final. */
export function lines(rows: Iterable<Row>): string[] {
  return [...rows].map(({ window, k, start, end, t, s, pane, index, final }) => {
    const isFrame = t !== undefined && !Number.isNaN(t);
    const place = isFrame ? `at ${t}` : `[${start}, ${end})`;
    const firing = pane === undefined ? undefined : `${pane} ${index}${final ? '!' : ''}`;
    return [window, k, place, s, firing].filter((part) => part !== undefined).join(' ');
  });
}

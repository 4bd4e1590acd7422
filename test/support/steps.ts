/** Streams told step by step, and what they give as lines: for tests that tell a short story. */

import { type Spec, sum } from '../../bindings';
import { type Row, type Stream, windowed } from './scenarios';

/** An event of a key, with a value (1 where none is given); or the watermark, by hand. */
export type Step = [key: string, t: number, v?: number] | number;

export interface Stepped {
  stream: Stream;
  /** Takes the steps, and what they gave. */
  step(...steps: Step[]): string[];
  /** What is left at the end; the stream is gone then. */
  close(): string[];
  /** Events that came too late so far: `key t`. */
  late: string[];
}

/** A stream of sums by key, `s` of `v`; or of what the options say. */
export function stepped(window: Spec['window'], options: Partial<Spec> = {}): Stepped {
  const late: string[] = [];
  const onLate = (batch: Iterable<Row>) => {
    for (const { k, t } of batch) late.push(`${k} ${t}`);
  };
  const stream = windowed({ time: 't', key: 'k', window, aggregates: { s: sum('v') }, onLate, ...options });
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

/** Rows as text: window, key, `[start, end)` or time, sum; with panes which one, its index, and ! if it is final. */
export function lines(rows: Iterable<Row>): string[] {
  return [...rows].map(({ window, k, start, end, t, s, pane, index, final }) => {
    const isFrame = t !== undefined && !Number.isNaN(t);
    const place = isFrame ? `at ${t}` : `[${start}, ${end})`;
    const firing = pane === undefined ? undefined : `${pane} ${index}${final ? '!' : ''}`;
    return [window, k, place, s, firing].filter((part) => part !== undefined).join(' ');
  });
}

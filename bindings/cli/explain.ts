/** What a command would do, in words. */

import type { Options } from './options';
import type { Plan } from './plan';

const USES = { time: 'times', number: 'numbers', text: 'strings', any: 'strings or numbers', key: 'keys' };

export function explain(options: Options, { fields }: Plan, to: string, columns: readonly string[]): string {
  const { time, keys, unit, outOfOrder = 0, allowedLateness = 0, emit } = options;
  const firing =
    emit === 'final'
      ? 'once, when it is closed'
      : `when it is complete, again for late events${emit === 'updates' ? '' : `, and every ${emit.every} before`}`;
  const lines: (readonly [string, string] | undefined)[] = [
    [
      'read',
      options.files.map((file) => (file === '-' ? 'stdin' : file)).join(', ') + (options.follow ? ', as it grows' : ''),
    ],
    ['columns', fields.map(({ name, use }) => `${name} (${USES[use]})`).join(', ') || 'none'],
    [
      'time',
      time === undefined
        ? 'the clock, as events come'
        : `${time}, ${unit === 'none' ? 'plain numbers' : `numbers of ${unit}, or ISO dates`}`,
    ],
    ['key', keys.join(', ') || 'none'],
    ['where', options.where ?? 'all events'],
    ['window', options.window],
    ['figures', options.agg.join(', ')],
    time === undefined
      ? undefined
      : ['complete', `when an event comes that is ${outOfOrder} past the end; closed ${allowedLateness} later`],
    ['fires', `${firing}${options.discard ? ', each time with what is new alone' : ''}`],
    options.fill && ['empty', `filled: ${options.fill}`],
    ['late', options.late ? `to ${options.late}, as NDJSON` : 'counted'],
    ['bad', options.strict ? 'the first one ends it all' : 'left out and counted'],
    ['write', `${to}: ${columns.join(', ')}`],
  ];
  return lines.flatMap((line) => (line ? `${line[0].padEnd(10)}${line[1]}\n` : [])).join('');
}

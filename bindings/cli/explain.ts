/** The text of --explain: what a command would do. */

import type { Options } from './options';
import type { Plan } from './plan';

const USES = { time: 'times', number: 'numbers', text: 'strings', any: 'strings or numbers', key: 'keys' };

export function explain(options: Options, { fields }: Plan, to: string, columns: readonly string[]): string {
  const { time, keys, unit, outOfOrder = 0, allowedLateness = 0, emit } = options;
  const isOnce = emit === 'final';
  const early = isOnce || emit === 'updates' ? '' : `, and every ${emit.every} before that`;
  const changes = options.discard ? ', each time only what is new' : '';
  const accepted = allowedLateness ? `accepted for ${allowedLateness} after the end of a window, then ` : '';
  const lines: (readonly [string, string] | undefined)[] = [
    [
      'read',
      options.files.map((file) => (file === '-' ? 'stdin' : file)).join(', ') + (options.follow ? ', as it grows' : ''),
    ],
    ['columns', fields.map(({ name, use }) => `${name} (${USES[use]})`).join(', ') || 'none'],
    [
      'time',
      time === undefined
        ? 'the clock when an event is read'
        : `${time}, ${unit === 'none' ? 'plain numbers' : `numbers in ${unit}, or ISO dates`}`,
    ],
    ['order', outOfOrder ? `events may be up to ${outOfOrder} behind the newest` : 'events come in order'],
    ['key', keys.join(', ') || 'none'],
    ['where', options.where ?? 'all events'],
    ['window', options.window],
    ['aggregate', options.agg.join(', ')],
    ['fires', isOnce ? 'once for each window' : `at the end of a window, again for late events${early}${changes}`],
    options.fill && ['empty', `filled: ${options.fill}`],
    ['late', `${accepted}${options.late ? `written to ${options.late}` : 'counted'}`],
    ['bad', options.strict ? 'stop at the first bad line' : 'skipped and counted'],
    ['write', `${to}: ${columns.join(', ')}`],
  ];
  return lines.flatMap((line) => (line ? `${line[0].padEnd(11)}${line[1]}\n` : [])).join('');
}

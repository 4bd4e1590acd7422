/**
 * Laws that run: after `checkLaws()` every batch, and every move of the watermark, is followed by a check of the laws
 * that the headers of the core state (assembly/check.ts). Only the debug build can check; in the others this changes
 * nothing. The first law that does not hold is an error that names it.
 */

import { Law } from '../../assembly/law';
import { count, tumbling, windowed } from '../../bindings';
import { core } from '../../bindings/base/core';

let isPaused = false;

/**
 * Runs a test without the checks, whose values are of any size: rows that were combined in another order then differ by
 * more than rounding should.
 */
export function withoutLaws(run: () => void): void {
  isPaused = true;
  try {
    run();
  } finally {
    isPaused = false;
  }
}

export function checkLaws(): void {
  // The first stream compiles the core.
  windowed({ time: 't', window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();
  const { exports } = core();
  const { check, commit, takeSurely, advance } = exports;
  if (!check) return;
  const verify = (stream: number) => {
    const law = isPaused ? 0 : check(stream);
    if (law) throw new Error(`the core broke a law: ${Law[law]}`);
  };
  exports.commit = (stream, n, idLimit) => {
    const late = commit(stream, n, idLimit);
    verify(stream);
    return late;
  };
  exports.takeSurely = (stream, n, timeLimit, idLimit) => {
    const late = takeSurely(stream, n, timeLimit, idLimit);
    if (late >= 0) verify(stream);
    return late;
  };
  exports.advance = (stream, watermark) => {
    advance(stream, watermark);
    verify(stream);
  };
}

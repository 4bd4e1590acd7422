/** Which of the core's kinds of windows a suite has used. */

import { core } from '../../bindings/base/core';

/** Runs the function, and names every kind of window in the core whose functions a plan compiled meanwhile looks up. */
export function windowKindsUsed(run: () => void): string[] {
  const { windows } = core();
  const used = new Set<string>();
  const kinds = Object.entries(windows);
  for (const [kind, kernels] of kinds) {
    Object.defineProperty(windows, kind, {
      configurable: true,
      enumerable: true,
      get: () => {
        used.add(kind);
        return kernels;
      },
    });
  }
  try {
    run();
  } finally {
    for (const [kind, value] of kinds) {
      Object.defineProperty(windows, kind, { configurable: true, enumerable: true, writable: true, value });
    }
  }
  return [...used].sort();
}

/** All kinds of windows that the core's registry exports. */
export function windowKinds(): string[] {
  return Object.keys(core().windows).sort();
}

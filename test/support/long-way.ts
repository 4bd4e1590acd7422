import { type MockInstance, vi } from 'vitest';
import { Engine } from '../../bindings/engine/engine';

/**
 * Makes streams take every batch by the long way, through `Core.atomically`, also where memory is certain to suffice.
 * Lasts until all mocks are restored.
 */
export function takeLongWay(): MockInstance {
  return vi.spyOn(Engine.prototype, 'takeSurely').mockReturnValue(false);
}

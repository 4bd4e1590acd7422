/**
 * A store: what holds the events of one window of the plan, or of several that share it. The first of these windows
 * names the functions of the store; window/window-registry.ts says what each must do, and its laws.
 */

import { Stream } from './stream';
import { Window } from './window';

/** Upper bounds on what a call can need and give: see budget.ts. Each store adds its share. */
@unmanaged
export class Bound {
  /** Given: all ids are below this once the events of the call have come. */
  ids: f64;
  /** Bytes, apart from those of the outbox. */
  bytes: f64;
  /** Results, and in how many of them one event can be. */
  results: f64;
  firings: f64;
}

/** The bounds of a window, which a query answers. */
@unmanaged
export class Bounds {
  start: f64;
  end: f64;
}

@unmanaged
export class Store {
  /** The record of its first window. */
  window: Window;
  /** What `create` returned. */
  self: usize;

  create(stream: Stream, first: i32, count: i32): void {
    this.self = call_indirect<usize>(this.window.create, stream, first, count);
  }

  destroy(stream: Stream): void {
    call_indirect<void>(this.window.destroy, stream, this.self);
  }

  take(stream: Stream, at: i32, n: i32): void {
    call_indirect<void>(this.window.take, stream, this.self, at, n);
  }

  advance(stream: Stream, watermark: f64): void {
    call_indirect<void>(this.window.advance, stream, this.self, watermark);
  }

  query(stream: Stream, w: i32, id: u32, t: f64, bounds: Bounds): usize {
    return call_indirect<usize>(this.window.query, stream, this.self, w, id, t, bounds);
  }

  demand(stream: Stream, n: f64, first: f64, last: f64, moveTo: f64, bound: Bound): void {
    call_indirect<void>(this.window.demand, stream, this.self, n, first, last, moveTo, bound);
  }

  absorbs(stream: Stream, at: i32, n: i32): bool {
    return this.window.absorbs != 0 && call_indirect<bool>(this.window.absorbs, stream, this.self, at, n);
  }

  live(stream: Stream): f64 {
    return call_indirect<f64>(this.window.live, stream, this.self);
  }

  /** Present in the debug build alone. */
  verify(stream: Stream, census: usize): i32 {
    return this.window.verify ? call_indirect<i32>(this.window.verify, stream, this.self, census) : 0;
  }
}

/** Store number s of a stream. */
export function storeAt(stream: Stream, s: i32): Store {
  return changetype<Store>(stream.stores + <usize>s * offsetof<Store>());
}

/**
 * A window of the plan, as the core reads it: the record that `WindowPlan` lays out for both compilers. The kernels are
 * indices of the function table; window/window-registry.ts says what they do.
 */

import { WindowPlan } from './plan';

@unmanaged
export class Window {
  size: f64;
  every: f64;
  offset: f64;
  maxLength: f64;
  maxEvents: f64;
  start: u32;
  end: u32;
  newest: u32;
  oldest: u32;
  create: u32;
  destroy: u32;
  take: u32;
  advance: u32;
  query: u32;
  demand: u32;
  live: u32;
  column: u32;
  closed: u32;
  place: u32;
  store: u32;
  edges: u32;
  verify: u32;
  absorbs: u32;
}

// Compiles to nothing; a field out of its place fails the build.
if (offsetof<Window>('size') != WindowPlan.size) ERROR('Window.size');
if (offsetof<Window>('every') != WindowPlan.every) ERROR('Window.every');
if (offsetof<Window>('offset') != WindowPlan.offset) ERROR('Window.offset');
if (offsetof<Window>('maxLength') != WindowPlan.maxLength) ERROR('Window.maxLength');
if (offsetof<Window>('maxEvents') != WindowPlan.maxEvents) ERROR('Window.maxEvents');
if (offsetof<Window>('start') != WindowPlan.start) ERROR('Window.start');
if (offsetof<Window>('end') != WindowPlan.end) ERROR('Window.end');
if (offsetof<Window>('newest') != WindowPlan.newest) ERROR('Window.newest');
if (offsetof<Window>('oldest') != WindowPlan.oldest) ERROR('Window.oldest');
if (offsetof<Window>('create') != WindowPlan.create) ERROR('Window.create');
if (offsetof<Window>('destroy') != WindowPlan.destroy) ERROR('Window.destroy');
if (offsetof<Window>('take') != WindowPlan.take) ERROR('Window.take');
if (offsetof<Window>('advance') != WindowPlan.advance) ERROR('Window.advance');
if (offsetof<Window>('query') != WindowPlan.query) ERROR('Window.query');
if (offsetof<Window>('demand') != WindowPlan.demand) ERROR('Window.demand');
if (offsetof<Window>('live') != WindowPlan.live) ERROR('Window.live');
if (offsetof<Window>('column') != WindowPlan.column) ERROR('Window.column');
if (offsetof<Window>('closed') != WindowPlan.closed) ERROR('Window.closed');
if (offsetof<Window>('place') != WindowPlan.place) ERROR('Window.place');
if (offsetof<Window>('store') != WindowPlan.store) ERROR('Window.store');
if (offsetof<Window>('edges') != WindowPlan.edges) ERROR('Window.edges');
if (offsetof<Window>('verify') != WindowPlan.verify) ERROR('Window.verify');
if (offsetof<Window>('absorbs') != WindowPlan.absorbs) ERROR('Window.absorbs');
if (offsetof<Window>() > <usize>WindowPlan.bytes) ERROR('Window');

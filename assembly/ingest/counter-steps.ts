/**
 * Steps of counters: by how much a counter grew since the previous sample of its key, whichever windows the two samples
 * lie in. Steps are a further column of the ring, filled for a whole batch before any window takes an event of it.
 * aggregate/increase.ts sums them with the states of aggregate/sum.ts.
 *
 *     sample, the newest of each id     0 time: f64, NaN if there is none │ 8 value: f64
 *
 *     step    v - previous, or v itself where the counter was reset (v < previous)
 *             0 for a first sample, and for one older than the newest, which is not remembered
 *             NaN where there is no value, or the event is too far in the future
 *
 * Law: steps follow from the events alone, however they are cut into batches. An id whose sample is remembered is
 * pinned, so that no other key gets it. A sample no longer counts once the watermark, or the next sample, is more than
 * `within` later. It is deleted only when ids are swept, which never shows.
 */

import { release, resize } from '../base/allocator';
import { Census } from '../census';
import { Part } from '../part';
import { Stream, streamOf } from '../stream';
import { isPlausible } from './admission';
import { Dictionary, pin, unpin, usePins } from './dictionary';
import { measureColumn, Ring } from './ring';

const SAMPLE_BYTES: usize = 16;

export function createSamples(stream: Stream, part: Part): void {
  part.samples = 0;
  part.sampleCapacity = 0;
  usePins(stream, changetype<Dictionary>(stream.dictionary));
  setCapacity(stream, part, changetype<Dictionary>(stream.dictionary).capacity);
}

export function destroySamples(stream: Stream, part: Part): void {
  release(stream, part.samples);
}

/** Makes room for the samples of `capacity` ids. When room shrinks, the ids beyond it belong to no key. */
function setCapacity(stream: Stream, part: Part, capacity: u32): void {
  const samples = resize(stream, part.samples, <usize>capacity * SAMPLE_BYTES);
  for (let id = part.sampleCapacity; id < capacity; id++) {
    store<f64>(samples + <usize>id * SAMPLE_BYTES, NaN);
  }
  part.samples = samples;
  part.sampleCapacity = capacity;
}

/** Bytes that the samples of `ids` ids take, over all parts that remember samples. */
export function sampleBytes(stream: Stream, ids: f64): f64 {
  const parts = stream.parts;
  let bytes = 0.0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.prepare) bytes += ids * <f64>SAMPLE_BYTES;
  }
  return bytes;
}

/** Computes the steps of n events from ring place `at`: reads the first column of the part and writes its second. */
export function fillSteps(part: Part, at: i32, n: i32): void {
  const stream = streamOf(part);
  const keys = changetype<Dictionary>(stream.dictionary);
  const ring = changetype<Ring>(stream.ring);
  if (keys.capacity != part.sampleCapacity) setCapacity(stream, part, keys.capacity);
  const within = part.parameter(0);
  const samples = part.samples;
  const values = measureColumn(ring, part.measure);
  const steps = measureColumn(ring, part.second);
  let newest = stream.newest;
  let watermark = stream.watermark;
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const value = load<f64>(values + (i << 3));
    const time = load<f64>(ring.times + (i << 3));
    store<f64>(steps + (i << 3), NaN);
    if (!isPlausible(stream, time, newest)) continue;
    newest = max(newest, time);
    watermark = max(watermark, newest - stream.outOfOrder);
    if (value != value) continue;
    const id = load<u32>(ring.ids + (i << 2));
    const sample = samples + <usize>id * SAMPLE_BYTES;
    const before = load<f64>(sample);
    let step = 0.0;
    if (before != before) {
      pin(keys, id);
    } else if (max(time, watermark) - before <= within) {
      if (time < before) {
        store<f64>(steps + (i << 3), 0);
        continue;
      }
      const previous = load<f64>(sample, 8);
      if (value != previous) step = value < previous ? value : value - previous;
    }
    store<f64>(sample, time);
    store<f64>(sample, value, 8);
    store<f64>(steps + (i << 3), step);
  }
}

/**
 * Deletes the samples that no later step can start from, and unpins their ids; at the end of the stream, all samples.
 */
export function forgetSamples(stream: Stream): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const watermark = stream.watermark;
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.prepare) continue;
    const within = part.parameter(0);
    const samples = part.samples;
    for (let id: u32 = 0; id < part.sampleCapacity; id++) {
      const sample = samples + <usize>id * SAMPLE_BYTES;
      const time = load<f64>(sample);
      if (time != time || (watermark - time <= within && watermark != Infinity)) continue;
      store<f64>(sample, NaN);
      unpin(keys, id);
    }
  }
}

/** Counts the ids whose samples are remembered as pinned. */
export function countSamples(stream: Stream, census: Census): void {
  for (let part = stream.parts.first; part != stream.parts.end; part = part.next) {
    if (!part.prepare) continue;
    for (let id: u32 = 0; id < part.sampleCapacity; id++) {
      const time = load<f64>(part.samples + <usize>id * SAMPLE_BYTES);
      if (time == time) census.countPin(id);
    }
  }
}

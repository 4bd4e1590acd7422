/**
 * A list of pointers in no order: finding, pushing and removing by `swapRemove` take constant time.
 *
 *     pointers     capacity × u32, the first `length` of them in use
 *
 * Growth: a full list doubles. It does not shrink.
 */

import { allocate, Owner, release, resize } from './allocator';

@unmanaged
export class PointerList {
  pointers: usize;
  length: i32;
  capacity: i32;
}

const INITIAL_POINTERS: i32 = 8;

export function createList(owner: Owner): PointerList {
  const list = changetype<PointerList>(allocate(owner, offsetof<PointerList>()));
  list.length = 0;
  list.capacity = INITIAL_POINTERS;
  list.pointers = allocate(owner, (<usize>INITIAL_POINTERS) << 2);
  return list;
}

/** Releases a list. What its pointers lead to belongs to the caller. */
export function destroyList(owner: Owner, list: PointerList): void {
  release(owner, list.pointers);
  release(owner, changetype<usize>(list));
}

/**
 * Upper bound on the bytes needed for n more pointers. A list that grows more than once has its last two blocks side by
 * side.
 */
export function listBytes(list: PointerList, n: f64): f64 {
  const needed = <f64>list.length + n;
  return needed > <f64>list.capacity ? 12 * needed + 160 : 0;
}

export function pointerAt(list: PointerList, i: i32): usize {
  return load<u32>(list.pointers + ((<usize>i) << 2));
}

export function pushPointer(owner: Owner, list: PointerList, pointer: usize): void {
  if (list.length == list.capacity) {
    list.capacity *= 2;
    list.pointers = resize(owner, list.pointers, (<usize>list.capacity) << 2);
  }
  store<u32>(list.pointers + ((<usize>list.length) << 2), <u32>pointer);
  list.length++;
}

/** Removes the pointer at index i: the last pointer takes its place. Returns that one. */
export function swapRemove(list: PointerList, i: i32): usize {
  const last = pointerAt(list, --list.length);
  store<u32>(list.pointers + ((<usize>i) << 2), <u32>last);
  return last;
}

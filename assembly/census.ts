/** A census: what a check (check.ts) finds of each id, to be compared with what the dictionary counts. */

import { allocate, Owner, release } from './base/allocator';

@unmanaged
export class Census {
  /** For each id below `limit`, u32: rows on a grid, and things that other stores and samples keep of it. */
  live: usize;
  pins: usize;
  limit: u32;
  /** Whether something was found of an id beyond the limit. */
  hasStrays: bool;

  countRow(id: u32): void {
    this.count(this.live, id);
  }

  countPin(id: u32): void {
    this.count(this.pins, id);
  }

  private count(column: usize, id: u32): void {
    const place = column + ((<usize>id) << 2);
    if (id < this.limit) store<u32>(place, load<u32>(place) + 1);
    else this.hasStrays = true;
  }
}

/** Creates a census without counts. Nobody owns it, so that it takes nothing from the limit of the stream. */
export function createCensus(limit: u32): Census {
  const nobody = changetype<Owner>(0);
  const census = changetype<Census>(allocate(nobody, offsetof<Census>()));
  census.live = allocate(nobody, ((<usize>limit) << 3) + 8);
  census.pins = census.live + ((<usize>limit) << 2);
  memory.fill(census.live, 0, (<usize>limit) << 3);
  census.limit = limit;
  census.hasStrays = false;
  return census;
}

export function destroyCensus(census: Census): void {
  const nobody = changetype<Owner>(0);
  release(nobody, census.live);
  release(nobody, changetype<usize>(census));
}

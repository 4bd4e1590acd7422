/** All cells, in the order in which they run. */

import type { Cell } from '../contest';
import { aggregateCells } from './aggregates';
import { arrow } from './arrow';
import { expressions } from './expressions';
import { facts } from './facts';
import { growth } from './growth';
import { handover } from './handover';
import { hopping } from './hopping';
import { keyed } from './keyed';
import { late } from './late';
import { rings } from './ring';
import { rolling } from './rolling';
import { rollingValues } from './rolling-values';
import { rows } from './rows';
import { sessions } from './session';
import { sketches } from './sketches';
import { threads } from './threads';
import { unkeyed } from './unkeyed';

export const cells: readonly Cell[] = [
  ...unkeyed,
  ...keyed,
  ...hopping,
  ...sessions,
  ...rolling,
  ...rollingValues,
  ...late,
  ...expressions,
  ...rows,
  ...arrow,
  ...sketches,
  ...aggregateCells,
  ...rings,
  ...threads,
  ...handover,
  ...growth,
  ...facts,
];

/** All cells, in the order in which they run. */

import type { Cell } from '../contest';
import { aggregateCells } from './aggregates';
import { facts } from './facts';
import { hopping } from './hopping';
import { keyed } from './keyed';
import { late } from './late';
import { rows } from './rows';
import { unkeyed } from './unkeyed';

export const cells: readonly Cell[] = [...unkeyed, ...keyed, ...hopping, ...late, ...rows, ...aggregateCells, ...facts];

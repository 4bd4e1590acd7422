/**
 * The aggregates: what the file of each exports, under the aggregate's name (`sum_fold`). The bindings find exports by
 * these names; nothing else in the core knows which aggregates there are. Arguments and laws: see shared/kernel.ts.
 *
 * The contract of an aggregate. An export is *required*, at least of some aggregates, or *accelerated*: optional, and
 * faster than the loop of other exports that stands in for it.
 *
 *     export      type, or arguments                          what it is or does
 *
 *     Required of an aggregate that users can ask for:
 *     lower       (part, rows, out, n)                        n rows → n results
 *     needs       enum of up to four aggregates               required if lower reads their states, in this order
 *
 *     Required of an aggregate with a state of its own:
 *     size        i32, bytes                                  size of the state; without it there is no state
 *     parameterBytes  i32                                     required if each parameter makes the state longer
 *     identity    (part, row)                                 state of no events; required if that is not all zeros
 *     fold        (part, rows, at, n)                         n events, each into the row listed for it
 *     combine     (part, into, left, right, n)                into = left ⊕ right for n rows
 *
 *     Accelerated, for an inline state:                                                            stands in for it:
 *     foldRun     (part, row, at, n)                          n events in order, all into one row  fold
 *     prefix      (part, states, at, n)                       states[i + 1] = states[i] ⊕ event i  fold
 *     suffix      (part, states, at, n)                       states[i] = event i ⊕ states[i + 1]  fold, combine
 *     lowerPairs  (part, left, right, out, n)                 results of left[i] ⊕ right[i]        combine, lower
 *     roll        (part, fronts, backs, into, stride, at, n)  see rollRows in state/rows.ts        fold, combine
 *     includes    enum: aggregate = offset                    see below                            folding each apart
 *
 *     Required of a heap state, see sketch/shared/box.ts:
 *     drop        (part, row)                                 frees the block of the state
 *     maxBlockBytes   (part) → f64                            size of the greatest block; Infinity: no bound
 *     maxLeapBytes    i32                                     required if one value can make a block grow beyond
 *                                                             twice its size: by at most this much more
 *     insert      (part, state, value, time)                  adds a value, not NaN, to an evictable state
 *     retract     (part, state, value, time)                  takes out a value; of equal ones the first inserted
 *
 *     Required of an aggregate over a column of its own:
 *     prepare     (part, at, n)                               fills that column for n events of the ring
 *
 * The aggregates in `needs` are over the same columns. The first parameter is the aggregate's own; the others are
 * theirs.
 *
 * `includes` lists aggregates of the same column whose states are part of this one's state, and their offsets in it. If
 * a spec asks for both, the column is folded once, and they read this state.
 *
 * `lowerPairs` is called only if no other aggregate reads the state.
 *
 * `prepare` is called before any window takes the events. Its column follows the part's own columns, and the aggregates
 * in `needs` are over that column.
 */
export { lower as events_lower } from './events';
export {
  size as count_size,
  fold as count_fold,
  foldRun as count_foldRun,
  combine as count_combine,
  lower as count_lower,
  prefix as count_prefix,
  suffix as count_suffix,
  lowerPairs as count_lowerPairs,
  roll as count_roll,
} from './count';
export {
  size as sum_size,
  identity as sum_identity,
  fold as sum_fold,
  foldRun as sum_foldRun,
  combine as sum_combine,
  lower as sum_lower,
  prefix as sum_prefix,
  suffix as sum_suffix,
  lowerPairs as sum_lowerPairs,
  roll as sum_roll,
} from './sum';
export { needs as mean_needs, lower as mean_lower } from './mean';
export {
  size as min_size,
  identity as min_identity,
  fold as min_fold,
  foldRun as min_foldRun,
  combine as min_combine,
  lower as min_lower,
  prefix as min_prefix,
  suffix as min_suffix,
  lowerPairs as min_lowerPairs,
  roll as min_roll,
} from './min';
export {
  size as max_size,
  identity as max_identity,
  fold as max_fold,
  foldRun as max_foldRun,
  combine as max_combine,
  lower as max_lower,
  prefix as max_prefix,
  suffix as max_suffix,
  lowerPairs as max_lowerPairs,
  roll as max_roll,
} from './max';
export { needs as range_needs, lower as range_lower } from './range';
export {
  size as product_size,
  needs as product_needs,
  identity as product_identity,
  fold as product_fold,
  combine as product_combine,
  lower as product_lower,
} from './product';
export {
  size as first_size,
  identity as first_identity,
  fold as first_fold,
  combine as first_combine,
  lower as first_lower,
  prefix as first_prefix,
} from './first';
export {
  size as last_size,
  identity as last_identity,
  fold as last_fold,
  combine as last_combine,
  lower as last_lower,
  prefix as last_prefix,
} from './last';
export {
  size as variance_size,
  includes as variance_includes,
  identity as variance_identity,
  fold as variance_fold,
  combine as variance_combine,
  lower as variance_lower,
  prefix as variance_prefix,
} from './variance';
export { needs as stddev_needs, lower as stddev_lower } from './stddev';
export { size as moments_size, fold as moments_fold, combine as moments_combine } from './moments';
export { needs as skewness_needs, lower as skewness_lower } from './skewness';
export { needs as kurtosis_needs, lower as kurtosis_lower } from './kurtosis';
export { size as comoments_size, fold as comoments_fold, combine as comoments_combine } from './comoments';
export { needs as covariance_needs, lower as covariance_lower } from './covariance';
export { needs as correlation_needs, lower as correlation_lower } from './correlation';
export { needs as slope_needs, lower as slope_lower } from './slope';
export { needs as intercept_needs, lower as intercept_lower } from './intercept';
export { needs as r2_needs, lower as r2_lower } from './r2';
export {
  size as weightedMean_size,
  identity as weightedMean_identity,
  fold as weightedMean_fold,
  combine as weightedMean_combine,
  lower as weightedMean_lower,
} from './weightedMean';
export {
  size as any_size,
  identity as any_identity,
  fold as any_fold,
  combine as any_combine,
  lower as any_lower,
} from './any';
export {
  size as all_size,
  identity as all_identity,
  fold as all_fold,
  combine as all_combine,
  lower as all_lower,
} from './all';
export {
  size as bitAnd_size,
  needs as bitAnd_needs,
  identity as bitAnd_identity,
  fold as bitAnd_fold,
  combine as bitAnd_combine,
  lower as bitAnd_lower,
} from './bitAnd';
export {
  size as bitOr_size,
  needs as bitOr_needs,
  fold as bitOr_fold,
  combine as bitOr_combine,
  lower as bitOr_lower,
} from './bitOr';
export {
  size as argmin_size,
  identity as argmin_identity,
  fold as argmin_fold,
  combine as argmin_combine,
  lower as argmin_lower,
} from './argmin';
export {
  size as argmax_size,
  identity as argmax_identity,
  fold as argmax_fold,
  combine as argmax_combine,
  lower as argmax_lower,
} from './argmax';
export { needs as delta_needs, lower as delta_lower } from './delta';
export { needs as rate_needs, lower as rate_lower } from './rate';
export {
  size as ewma_size,
  identity as ewma_identity,
  fold as ewma_fold,
  combine as ewma_combine,
  lower as ewma_lower,
} from './ewma';
export { prepare as increase_prepare, needs as increase_needs, lower as increase_lower } from './increase';
export {
  size as quantileSketch_size,
  maxLeapBytes as quantileSketch_maxLeapBytes,
  maxBlockBytes as quantileSketch_maxBlockBytes,
  identity as quantileSketch_identity,
  fold as quantileSketch_fold,
  combine as quantileSketch_combine,
  drop as quantileSketch_drop,
  insert as quantileSketch_insert,
  retract as quantileSketch_retract,
} from './quantileSketch';
export { needs as quantile_needs, lower as quantile_lower } from './quantile';
export {
  size as values_size,
  maxBlockBytes as values_maxBlockBytes,
  identity as values_identity,
  fold as values_fold,
  combine as values_combine,
  drop as values_drop,
  insert as values_insert,
  retract as values_retract,
} from './values';
export { needs as exactQuantile_needs, lower as exactQuantile_lower } from './exactQuantile';
export { needs as median_needs, lower as median_lower } from './median';
export {
  size as distinct_size,
  maxBlockBytes as distinct_maxBlockBytes,
  identity as distinct_identity,
  fold as distinct_fold,
  combine as distinct_combine,
  drop as distinct_drop,
  insert as distinct_insert,
  retract as distinct_retract,
  lower as distinct_lower,
} from './distinct';
export {
  size as topK_size,
  maxBlockBytes as topK_maxBlockBytes,
  identity as topK_identity,
  fold as topK_fold,
  combine as topK_combine,
  drop as topK_drop,
  insert as topK_insert,
  retract as topK_retract,
  lower as topK_lower,
} from './topK';
export {
  size as histogram_size,
  parameterBytes as histogram_parameterBytes,
  fold as histogram_fold,
  combine as histogram_combine,
  lower as histogram_lower,
} from './histogram';
export {
  size as samples_size,
  maxBlockBytes as samples_maxBlockBytes,
  identity as samples_identity,
  fold as samples_fold,
  combine as samples_combine,
  drop as samples_drop,
  insert as samples_insert,
  retract as samples_retract,
} from './samples';
export { needs as collect_needs, lower as collect_lower } from './collect';
export { needs as timeWeightedMean_needs, lower as timeWeightedMean_lower } from './timeWeightedMean';

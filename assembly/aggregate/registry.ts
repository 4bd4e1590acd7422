/**
 * Every aggregate, a line each: what it exports, under its name. The bindings find them by these names; nothing else in the
 * core knows which aggregates there are.
 *
 *     size       bytes of its state in a row; none: it only reads the states of others
 *     identity   (part, row)                    the state of a row that has seen nothing; none: all zero
 *     fold       (part, rows, at, n)            see kernel.ts
 *     reduce     (part, row, at, n)             n events in a row, in order, all of one row; none: fold does it
 *     combine    (part, into, left, right, n)
 *     slide      (part, fronts, ends, back, into, stride, at, n)     none: fold and combine do it
 *     roll       (part, fronts, backs, into, stride, at, n)          none: fold and combine do it
 *     lower      (part, rows, out, n)
 *     needs      the aggregates of the same column whose states lower reads, in the order it reads them
 *     includes   the aggregates whose states are part of this one's, and at which offset
 */
export { lower as events_lower } from './events';
export { size as count_size, fold as count_fold, reduce as count_reduce, combine as count_combine, lower as count_lower, slide as count_slide, roll as count_roll } from './count';
export { size as sum_size, identity as sum_identity, fold as sum_fold, reduce as sum_reduce, combine as sum_combine, lower as sum_lower, slide as sum_slide, roll as sum_roll } from './sum';
export { needs as mean_needs, lower as mean_lower } from './mean';
export { size as min_size, identity as min_identity, fold as min_fold, reduce as min_reduce, combine as min_combine, lower as min_lower, slide as min_slide, roll as min_roll } from './min';
export { size as max_size, identity as max_identity, fold as max_fold, reduce as max_reduce, combine as max_combine, lower as max_lower, slide as max_slide, roll as max_roll } from './max';
export { needs as range_needs, lower as range_lower } from './range';
export { size as product_size, needs as product_needs, identity as product_identity, fold as product_fold, combine as product_combine, lower as product_lower, slide as product_slide, roll as product_roll } from './product';
export { size as first_size, identity as first_identity, fold as first_fold, combine as first_combine, lower as first_lower, slide as first_slide } from './first';
export { size as last_size, identity as last_identity, fold as last_fold, combine as last_combine, lower as last_lower, slide as last_slide } from './last';
export { size as variance_size, includes as variance_includes, identity as variance_identity, fold as variance_fold, combine as variance_combine, lower as variance_lower, slide as variance_slide, roll as variance_roll } from './variance';
export { needs as stddev_needs, lower as stddev_lower } from './stddev';

/**
 * Expressions: runs the program that bindings/plan/program.ts compiled over the columns of a batch, before any window
 * sees it.
 *
 *     columns of the ring ──┐
 *     constants of the plan ┼─▶ into = op(left, right) ─▶ … ─▶ further columns of the ring
 *     registers ◀───────────┘
 *
 * All instructions run over one tile of events, then over the next, so that registers stay in the first-level cache and
 * an instruction is dispatched once a tile. An operand is an address and the step in bytes from one pair of values to
 * the next, 0 for a constant.
 *
 * Registers, like the columns, lie nowhere until the stream is opened (lifecycle.ts).
 *
 * Law: an instruction writes exactly n values, and each depends only on the operands of its own event.
 */

import { log, mod } from '../base/math';
import { Instruction, Op, Place } from '../plan';
import { Stream } from '../stream';
import { measureColumn, Ring } from './ring';

/** Events in a tile. */
const TILE_EVENTS = 512;
/** Bytes of a register: one value for each event of a tile. */
export const REGISTER_BYTES: usize = TILE_EVENTS * 8;

/** Turns the operands of the program, a number and a `Place` each, into addresses. */
export function linkProgram(stream: Stream, ring: Ring): void {
  for (let i = 0, at = stream.program; i < stream.programLength; i++, at += Instruction.bytes) {
    link(stream, ring, at + Instruction.into);
    link(stream, ring, at + Instruction.left);
    link(stream, ring, at + Instruction.right);
  }
}

function link(stream: Stream, ring: Ring, operand: usize): void {
  const number = load<u32>(operand);
  const place = load<u32>(operand, 4);
  let address = stream.plan + number;
  if (place == Place.register) address = stream.registers + <usize>number * REGISTER_BYTES;
  else if (place == Place.column) address = measureColumn(ring, number);
  store<u32>(operand, <u32>address);
}

/** Moves the operands that are columns by `distance` bytes. */
export function moveProgram(stream: Stream, distance: usize): void {
  moveOperands(stream, Place.column, distance);
}

/** Sets the address of the registers, to which all operands that are registers move. */
export function setRegisters(stream: Stream, registers: usize): void {
  moveOperands(stream, Place.register, registers - stream.registers);
  stream.registers = registers;
}

function moveOperands(stream: Stream, place: Place, distance: usize): void {
  for (let i = 0, at = stream.program; i < stream.programLength; i++, at += Instruction.bytes) {
    moveOperand(at + Instruction.into, place, distance);
    moveOperand(at + Instruction.left, place, distance);
    moveOperand(at + Instruction.right, place, distance);
  }
}

function moveOperand(operand: usize, place: Place, distance: usize): void {
  if (load<u32>(operand, 4) == place) store<u32>(operand, load<u32>(operand) + <u32>distance);
}

/** Runs the program for n contiguous events from ring place `at`. */
export function evaluate(stream: Stream, at: i32, n: i32): void {
  const end = stream.program + <usize>stream.programLength * Instruction.bytes;
  for (let from = 0; from < n; from += TILE_EVENTS) {
    const offset = (<usize>(at + from)) << 3;
    const bytes = (<usize>min(n - from, TILE_EVENTS)) << 3;
    for (let instruction = stream.program; instruction < end; instruction += Instruction.bytes) {
      run(
        instruction,
        addressOf(instruction + Instruction.into, offset),
        addressOf(instruction + Instruction.left, offset),
        stepOf(instruction + Instruction.left),
        addressOf(instruction + Instruction.right, offset),
        stepOf(instruction + Instruction.right),
        bytes,
      );
    }
  }
}

function addressOf(operand: usize, offset: usize): usize {
  return <usize>load<u32>(operand) + (load<u32>(operand, 4) == Place.column ? offset : 0);
}

function stepOf(operand: usize): usize {
  return load<u32>(operand, 4) == Place.constant ? 0 : 16;
}

function run(
  instruction: usize,
  into: usize,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  bytes: usize,
): void {
  switch (load<u32>(instruction, Instruction.op)) {
    case Op.add:
      return each<Add>(into, left, leftStep, right, rightStep, bytes);
    case Op.sub:
      return each<Sub>(into, left, leftStep, right, rightStep, bytes);
    case Op.mul:
      return each<Mul>(into, left, leftStep, right, rightStep, bytes);
    case Op.div:
      return each<Div>(into, left, leftStep, right, rightStep, bytes);
    case Op.mod:
      return each<Mod>(into, left, leftStep, right, rightStep, bytes);
    case Op.neg:
      return each<Neg>(into, left, leftStep, right, rightStep, bytes);
    case Op.abs:
      return each<Abs>(into, left, leftStep, right, rightStep, bytes);
    case Op.log:
      return each<Log>(into, left, leftStep, right, rightStep, bytes);
    case Op.sqrt:
      return each<Sqrt>(into, left, leftStep, right, rightStep, bytes);
    case Op.min:
      return each<Min>(into, left, leftStep, right, rightStep, bytes);
    case Op.max:
      return each<Max>(into, left, leftStep, right, rightStep, bytes);
    case Op.eq:
      return each<Eq>(into, left, leftStep, right, rightStep, bytes);
    case Op.ne:
      return each<Ne>(into, left, leftStep, right, rightStep, bytes);
    case Op.lt:
      return each<Lt>(into, left, leftStep, right, rightStep, bytes);
    case Op.lte:
      return each<Lte>(into, left, leftStep, right, rightStep, bytes);
    case Op.and:
      return each<And>(into, left, leftStep, right, rightStep, bytes);
    case Op.or:
      return each<Or>(into, left, leftStep, right, rightStep, bytes);
    case Op.not:
      return each<Not>(into, left, leftStep, right, rightStep, bytes);
    case Op.isIn:
      return eachIn(into, left, leftStep, right, load<i32>(instruction, Instruction.count), bytes);
    case Op.isMissing:
      return each<IsMissing>(into, left, leftStep, right, rightStep, bytes);
    case Op.select:
      return each<Select>(into, left, leftStep, right, rightStep, bytes);
    default:
      assert(false);
  }
}

/**
 * Applies an operation to pairs of values. A last value is done by itself, as the bytes after it belong to other data.
 */
function each<Operation>(
  into: usize,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  bytes: usize,
): void {
  const operation = changetype<Operation>(0);
  const end = into + (bytes & ~15);
  while (into < end) {
    v128.store(into, operation.of(v128.load(left), v128.load(right)));
    into += 16;
    left += leftStep;
    right += rightStep;
  }
  if (bytes & 8) v128.store64_lane(into, operation.of(v128.load64_zero(left), v128.load64_zero(right)), 0);
}

/**
 * Writes whether values are among n constants, which stand from `list` on, each in both lanes. Missing stays missing.
 */
function eachIn(into: usize, left: usize, leftStep: usize, list: usize, n: i32, bytes: usize): void {
  const beyond = list + ((<usize>n) << 4);
  for (let i: usize = 0; i < bytes; i += 16, left += leftStep) {
    const isLast = bytes - i == 8;
    const values = isLast ? v128.load64_zero(left) : v128.load(left);
    let found = i64x2.splat(0);
    for (let at = list; at < beyond; at += 16) found = v128.or(found, f64x2.eq(values, v128.load(at)));
    found = v128.or(v128.and(found, one()), missing(values));
    if (isLast) v128.store64_lane(into + i, found, 0);
    else v128.store(into + i, found);
  }
}

// A mask has all bits of a lane set. Or-ed into a number, it makes the number NaN, which is a missing value.

function one(): v128 {
  return f64x2.splat(1);
}

function missing(a: v128): v128 {
  return f64x2.ne(a, a);
}

/** Result of a comparison: 1 where the mask is set, else 0, and missing where either side is missing. */
function truth(mask: v128, a: v128, b: v128): v128 {
  return v128.or(v128.and(mask, one()), v128.or(missing(a), missing(b)));
}

/** Mask of the lanes in which a condition holds: it is neither 0 nor missing. */
function holds(a: v128): v128 {
  return f64x2.gt(f64x2.abs(a), f64x2.splat(0));
}

class Add {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.add(a, b);
  }
}

class Sub {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.sub(a, b);
  }
}

class Mul {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.mul(a, b);
  }
}

class Div {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.div(a, b);
  }
}

class Mod {
  @inline
  of(a: v128, b: v128): v128 {
    const first = mod(f64x2.extract_lane(a, 0), f64x2.extract_lane(b, 0));
    return f64x2(first, mod(f64x2.extract_lane(a, 1), f64x2.extract_lane(b, 1)));
  }
}

class Neg {
  @inline
  of(a: v128, _b: v128): v128 {
    return f64x2.neg(a);
  }
}

class Abs {
  @inline
  of(a: v128, _b: v128): v128 {
    return f64x2.abs(a);
  }
}

class Log {
  @inline
  of(a: v128, _b: v128): v128 {
    return f64x2(log(f64x2.extract_lane(a, 0)), log(f64x2.extract_lane(a, 1)));
  }
}

class Sqrt {
  @inline
  of(a: v128, _b: v128): v128 {
    return f64x2.sqrt(a);
  }
}

class Min {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.min(a, b);
  }
}

class Max {
  @inline
  of(a: v128, b: v128): v128 {
    return f64x2.max(a, b);
  }
}

class Eq {
  @inline
  of(a: v128, b: v128): v128 {
    return truth(f64x2.eq(a, b), a, b);
  }
}

class Ne {
  @inline
  of(a: v128, b: v128): v128 {
    return truth(f64x2.ne(a, b), a, b);
  }
}

class Lt {
  @inline
  of(a: v128, b: v128): v128 {
    return truth(f64x2.lt(a, b), a, b);
  }
}

class Lte {
  @inline
  of(a: v128, b: v128): v128 {
    return truth(f64x2.le(a, b), a, b);
  }
}

/** 0 where either side is 0, else missing where either side is missing, else 1. */
class And {
  @inline
  of(a: v128, b: v128): v128 {
    const none = f64x2.splat(0);
    const isFalse = v128.or(f64x2.eq(a, none), f64x2.eq(b, none));
    return v128.andnot(v128.or(one(), v128.or(missing(a), missing(b))), isFalse);
  }
}

/** 1 where either side holds, else missing where either side is missing, else 0. */
class Or {
  @inline
  of(a: v128, b: v128): v128 {
    const isTrue = v128.or(holds(a), holds(b));
    return v128.or(v128.and(isTrue, one()), v128.andnot(v128.or(missing(a), missing(b)), isTrue));
  }
}

class Not {
  @inline
  of(a: v128, _b: v128): v128 {
    return v128.or(v128.and(f64x2.eq(a, f64x2.splat(0)), one()), missing(a));
  }
}

class IsMissing {
  @inline
  of(a: v128, _b: v128): v128 {
    return v128.and(missing(a), one());
  }
}

/** The right side where the left holds, missing elsewhere. */
class Select {
  @inline
  of(a: v128, b: v128): v128 {
    return v128.or(b, v128.not(holds(a)));
  }
}

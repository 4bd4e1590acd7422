/** Records whose fields have the names that users gave to columns, aggregates and windows. */

/**
 * Sets a field, whatever its name. An assignment does the same for all names but `__proto__`, which would change the
 * prototype.
 */
export function setField(record: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, { value, configurable: true, enumerable: true, writable: true });
  } else {
    (record as Record<string, unknown>)[name] = value;
  }
}

/**
 * A record that has all the names as fields, to be filled again and again: an assignment then sets the field, also that
 * of `__proto__`.
 */
export function blankRecord(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/**
 * Whether a value is what every object inherits under that name, as `constructor` or `toString`. An event that it was
 * read from has no field of the name.
 */
export function isInherited(name: string, value: unknown): boolean {
  return value === (name === '__proto__' ? Object.prototype : (Object.prototype as Record<string, unknown>)[name]);
}

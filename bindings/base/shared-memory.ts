/** Memory that several threads see. */

/** Whether a buffer is a SharedArrayBuffer, also one of another realm. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/** Local wall-clock time, to the second. */
export function shortTime(at = new Date()): string {
  return at.toTimeString().slice(0, 8);
}

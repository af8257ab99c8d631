/**
 * Divides texts into batches of at most `budget` tokens; a longer text stands alone. Texts of like length come together,
 * so that threads finish together.
 *
 * @param lengths tokens of each text
 * @returns indices into `lengths`, each exactly once
 */
export function tokenBatches(lengths: readonly number[], budget: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const i of order) {
    const length = lengths[i] as number;
    const last = batches.at(-1);
    if (last === undefined || length > room) {
      batches.push([i]);
      room = budget - length;
    } else {
      last.push(i);
      room -= length;
    }
  }
  return batches;
}

import { InputError } from "../errors.ts";

/**
 * Refuses two lists that do not go together, and lists with nothing in them: a score of no rows says nothing.
 *
 * @param what names what both hold, in the plural: "labels"
 */
export function checkPaired(gold: ArrayLike<unknown>, other: ArrayLike<unknown>, what: string): void {
  if (gold.length !== other.length) {
    throw new InputError(`Cannot compare ${gold.length} gold ${what} with ${other.length}; expected as many of each.`);
  }
  if (gold.length === 0) throw new InputError(`There are no ${what} to score: the split is empty.`);
}

import { InputError } from "../errors.ts";

/**
 * The most tokens that will be read of a text: as asked, else as the checkpoint states, never beyond its positions.
 *
 * @throws InputError when more is asked than the model can read.
 */
export function chooseMaxLength(asked: number | undefined, stated: number | undefined, most: number): number {
  if (asked === undefined) return Math.min(stated ?? most, most);
  if (Number.isInteger(asked) && asked >= 1 && asked <= most) return asked;
  throw new InputError(
    `maxLength is ${asked}; this model reads at most ${most} tokens: pass an integer from 1 to ${most}.`,
  );
}

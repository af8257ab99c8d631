import { joinPath, pathKind } from "#platform";
import { resolveWhere } from "../checkpoints/default-model.ts";
import { Checkpoint } from "../checkpoints/repository.ts";
import { configure } from "../models/load-model.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import { chooseMaxLength } from "./max-length.ts";

/** A model's tokenizer, and how many tokens the model reads of a text. */
export interface OpenedTokenizer {
  readonly tokenizer: Tokenizer;
  /** Undefined where a folder holds a tokenizer alone that states no length. */
  readonly maxLength: number | undefined;
}

/**
 * Opens the tokenizer of a model without its weights; a folder that holds a tokenizer alone will do.
 *
 * @param maxLength tokens to read of a text. Default: as the model says
 * @throws TokenizerError when there is none; InputError when more is asked than the model reads.
 */
export async function openTokenizer(
  where: string | undefined,
  { maxLength }: { readonly maxLength?: number | undefined } = {},
): Promise<OpenedTokenizer> {
  const { layout, folder: root } = await resolveWhere(where, { weights: false });
  const folder = layout?.encoderFolder ?? root;
  const tokenizer = await Tokenizer.load(folder);
  const stated = layout?.maxLength ?? tokenizer.maxLength;
  if (pathKind(joinPath(folder, "config.json")) !== "file") return { tokenizer, maxLength: maxLength ?? stated };
  return { tokenizer, maxLength: chooseMaxLength(maxLength, stated, configure(Checkpoint.open(folder)).maxLength) };
}

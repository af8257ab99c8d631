import type { SentenceLayout } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";

/** Names under which checkpoints keep the prompt of documents, in the order in which they are tried. */
const DOCUMENT_PROMPTS = ["document", "passage", "corpus"];

type Prompts = Pick<SentenceLayout, "prompts" | "defaultPrompt">;

/**
 * What stands before every text, "" for nothing. Resolution as `encode`, `encode_query` and `encode_document` of
 * sentence_transformers/sentence_transformer/model.py: queries and documents of a checkpoint without a prompt for them
 * get its default prompt.
 *
 * @param name a prompt of the checkpoint, "query", "document", or undefined for its default
 * @param text a prompt word for word
 * @throws InputError when both are given, or the checkpoint has no such prompt.
 */
export function resolvePrompt({ prompts, defaultPrompt }: Prompts, name?: string, text?: string): string {
  if (text !== undefined) {
    if (name !== undefined) throw new InputError(`Both prompt "${name}" and promptText are given; pass one of them.`);
    return text;
  }
  const found = name === "document" ? DOCUMENT_PROMPTS.find((candidate) => prompts.has(candidate)) : name;
  if (found !== undefined && prompts.has(found)) return prompts.get(found) ?? "";
  if (name === undefined || name === "query" || name === "document") return prompts.get(defaultPrompt ?? "") ?? "";
  const known = [...new Set(["query", "document", ...prompts.keys()])].map((known) => `"${known}"`).join(", ");
  throw new InputError(`This model has no prompt "${name}"; it has ${known}. Or pass promptText.`);
}

/** What a cross-encoder wants before the first text of every pair, as its reference puts it there; "" for nothing. */
export function crossEncoderPrompt(layout: SentenceLayout | undefined): string {
  return layout?.kind === "cross-encoder" ? resolvePrompt(layout) : "";
}

import { TokenizerError } from "../errors.ts";
import type { AddedTokenEntry } from "./added-vocabulary.ts";
import type { SentencePieceModel } from "./sentence-piece.ts";
import {
  type PartDescription,
  type RoleTexts,
  SENTENCE_PIECE_FAMILIES,
  type SentencePieceFamily,
} from "./sentence-piece-families.ts";
import type { SpecialRole } from "./special-tokens.ts";
import { plainEntry, type TokenizerConfig } from "./tokenizer-config.ts";

/** A tokenizer in the shape of tokenizer.json; its charsmap is bytes, not base64. */
export interface TokenizerDescription {
  added_tokens: AddedTokenDescription[];
  normalizer: PartDescription | null;
  pre_tokenizer: PartDescription;
  post_processor: PartDescription;
  decoder: PartDescription;
  model: PartDescription;
}

export interface AddedTokenDescription {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** Families whose tokenizer is named nowhere but in the name of its file. */
const CLASS_OF_FILE: Record<string, string> = {
  "spm.model": "DebertaV2Tokenizer",
  "sentencepiece.bpe.model": "XLMRobertaTokenizer",
  "sentencepiece.model": "RemBertTokenizer",
  "tokenizer.model": "LlamaTokenizer",
};

/**
 * Describes the tokenizer that a family builds on a SentencePiece model, so that it is put together as any other.
 *
 * @param className - the tokenizer's name in transformers ("XLMRobertaTokenizer"); undefined when nothing states it.
 * @throws TokenizerError for an unknown family, a model of another kind, or special tokens that it lacks.
 */
export function describeSentencePiece(
  model: SentencePieceModel,
  className: string | undefined,
  config: TokenizerConfig,
): TokenizerDescription {
  const name = className ?? CLASS_OF_FILE[model.file] ?? guessClass(model);
  const family = SENTENCE_PIECE_FAMILIES[name ?? ""];
  if (family === undefined) throw unknownFamily(model.file, name);
  if (family.algorithm !== model.algorithm) {
    throw new TokenizerError(
      `${model.file} is a ${model.algorithm} model; ${name} expects ${family.algorithm}. ` +
        "Check tokenizer_class in tokenizer_config.json.",
    );
  }
  const roles = new Map(family.roles.map(([role, text]) => [role, config.roles.get(role)?.content ?? text]));
  const frame = family.vocabulary?.(roles, config.fields) ?? { first: [], dropped: 0, last: [] };
  const filePieces = model.pieces.slice(frame.dropped).map(({ text, score }): [string, number] => [text, score]);
  const pieces = [...frame.first, ...filePieces, ...frame.last];
  const ids = new Map(pieces.map(([piece], id) => [piece, id]));
  const further = frame.lastAreSpecial ? frame.last.map(([text]) => plainEntry(text, true)) : [];
  const added = numbered(
    [...roleEntries(family, roles, config), ...further, ...pieceEntries(model), ...config.added],
    ids,
  );
  return {
    added_tokens: added,
    normalizer: family.normalizer(model, config.fields) ?? null,
    pre_tokenizer: family.preTokenizer(config.fields),
    post_processor: postProcessor(family, roles, added),
    decoder: family.decoder(config.fields),
    model: family.algorithm === "bpe" ? bpe(ids, model) : unigram(pieces, family.unknownId ?? model.unknownId),
  };
}

/** ALBERT, T5 and XLNet all name their file spiece.model, but keep their special tokens in places of their own. */
function guessClass({ pieces }: SentencePieceModel): string | undefined {
  const text = (id: number) => pieces[id]?.text;
  if (text(0) === "<pad>" && text(1) === "<unk>" && text(2) === "[CLS]") return "AlbertTokenizer";
  if (text(0) === "<pad>" && text(1) === "</s>" && text(2) === "<unk>") return "T5Tokenizer";
  if (text(3) === "<cls>" && text(4) === "<sep>") return "XLNetTokenizer";
  return undefined;
}

function unknownFamily(file: string, name: string | undefined): TokenizerError {
  const known = Object.keys(SENTENCE_PIECE_FAMILIES).join(", ");
  const problem = name === undefined ? "nothing says which" : `tokenizer_class is ${JSON.stringify(name)}`;
  return new TokenizerError(
    `${file} alone is no tokenizer: families use its ids in ways of their own, and ${problem}; known: ${known}. ` +
      "Set tokenizer_class in tokenizer_config.json.",
  );
}

function unigram(pieces: [string, number][], unknownId: number): PartDescription {
  return { type: "Unigram", vocab: pieces, unk_id: unknownId, byte_fallback: false };
}

function bpe(ids: ReadonlyMap<string, number>, model: SentencePieceModel): PartDescription {
  return {
    type: "BPE",
    vocab: Object.fromEntries(ids),
    merges: mergesOf(ids),
    fuse_unk: true,
    byte_fallback: model.byteFallback,
  };
}

/** Every cut of a piece into two pieces is a merge, ranked by the id of the piece, then by the length of the left part. */
function mergesOf(ids: ReadonlyMap<string, number>): [string, string][] {
  const merges: [string, string][] = [];
  for (const piece of ids.keys()) {
    for (let cut = 1; cut < piece.length; cut++) {
      const left = piece.slice(0, cut);
      if (!ids.has(left)) continue;
      const right = piece.slice(cut);
      if (ids.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}

function roleEntries(family: SentencePieceFamily, roles: RoleTexts, config: TokenizerConfig): AddedTokenEntry[] {
  return [...roles].map(([role, text]) => {
    const entry = config.roles.get(role) ?? plainEntry(text, true);
    return role === "mask" && family.maskStripsLeft ? { ...entry, stripsLeft: true } : entry;
  });
}

/** Control pieces are special tokens; those that users defined are added tokens, but not special. */
function pieceEntries(model: SentencePieceModel): AddedTokenEntry[] {
  return model.pieces
    .filter(({ type }) => type === "control" || type === "user-defined")
    .map(({ text, type }) => ({ ...plainEntry(text, type === "control"), normalized: false }));
}

/** Added tokens as tokenizer.json lists them: each once, what is no piece with an id after the last. */
function numbered(entries: AddedTokenEntry[], ids: ReadonlyMap<string, number>): AddedTokenDescription[] {
  const unique = new Map<string, AddedTokenEntry>();
  for (const entry of entries) if (!unique.has(entry.content)) unique.set(entry.content, entry);
  let next = ids.size;
  return [...unique.values()].map((entry) => ({
    id: ids.get(entry.content) ?? next++,
    content: entry.content,
    single_word: entry.singleWord,
    lstrip: entry.stripsLeft,
    rstrip: entry.stripsRight,
    normalized: entry.normalized,
    special: entry.special,
  }));
}

function postProcessor(
  family: SentencePieceFamily,
  roles: RoleTexts,
  added: readonly AddedTokenDescription[],
): PartDescription {
  const used = new Set<string>();
  const parse = (template: string) =>
    template.split(" ").map((part) => {
      const [name, type] = part.split(":");
      if (name === "A" || name === "B") return { Sequence: { id: name, type_id: Number(type) } };
      const id = roles.get(name as SpecialRole)!;
      used.add(id);
      return { SpecialToken: { id, type_id: Number(type) } };
    });
  const [single, pair] = [parse(family.single), parse(family.pair)];
  const tokens = added.filter(({ content }) => used.has(content));
  const special_tokens = Object.fromEntries(
    tokens.map(({ content, id }) => [content, { id: content, ids: [id], tokens: [content] }]),
  );
  return { type: "TemplateProcessing", single, pair, special_tokens };
}

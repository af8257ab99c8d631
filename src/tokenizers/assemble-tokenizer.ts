import { type AddedTokenEntry, AddedVocabulary } from "./added-vocabulary.ts";
import type { Fields } from "./fields.ts";
import { addedCount, noPostProcessor, type PostProcessor, withoutTypeIds } from "./post-processor.ts";
import { readDecoder } from "./read-decoder.ts";
import { readModel } from "./read-model.ts";
import { readNormalizer } from "./read-normalizer.ts";
import { readPostProcessor } from "./read-post-processor.ts";
import { readPreTokenizer } from "./read-pre-tokenizer.ts";
import { namedSpecialTokens, type SpecialRole } from "./special-tokens.ts";
import type { PatternReading } from "./split-pattern.ts";
import { readEntry, type TokenizerConfig } from "./tokenizer-config.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";
import { ID_LIMIT } from "./vocabulary.ts";

/** What the usual special tokens are for, where no configuration says it. */
const USUAL_ROLES: Record<string, SpecialRole[]> = {
  "[CLS]": ["cls"],
  "[SEP]": ["sep"],
  "[PAD]": ["pad"],
  "[MASK]": ["mask"],
  "[UNK]": ["unk"],
  "<s>": ["bos", "cls"],
  "</s>": ["eos", "sep"],
  "<pad>": ["pad"],
  "<mask>": ["mask"],
  "<unk>": ["unk"],
  "<cls>": ["cls"],
  "<sep>": ["sep"],
};

export interface AssemblyOptions {
  /** Whether patterns may need backtracking. Default "linear": those that do are refused. */
  patterns?: PatternReading;
}

/**
 * Puts a tokenizer together from the description that tokenizer.json is.
 *
 * @throws TokenizerError for anything unknown, contradictory or out of bounds in it, naming file and key.
 */
export function assembleTokenizer(
  description: Fields,
  config: TokenizerConfig,
  { patterns = "linear" }: AssemblyOptions = {},
): TokenizerParts {
  const version = description.string("version", "1.0");
  if (version !== "1.0") throw description.error("version", `is ${JSON.stringify(version)}; expected "1.0".`);
  const model = readModel(description.object("model"));
  const [normalizer, preTokenizer, decoder] = [
    optional(description, "normalizer", (fields) => readNormalizer(fields, 0, patterns)),
    optional(description, "pre_tokenizer", (fields) => readPreTokenizer(fields, 0, patterns)),
    optional(description, "decoder", (fields) => readDecoder(fields, 0, patterns)),
  ];
  const entries = addedTokens(description, config);
  const added = new AddedVocabulary(entries, model, normalizer);
  const hasId = (id: number) => added.get(id) !== undefined || model.tokenOf(id) !== undefined;
  const stated = optional(description, "post_processor", (fields) => readPostProcessor(fields, hasId));
  const postProcessor = stated ?? noPostProcessor;
  const roles = new Map([...usualRoles(entries), ...config.roles]);
  return {
    model,
    normalizer,
    preTokenizer,
    decoder,
    added,
    postProcessor: config.givesTypeIds ? postProcessor : withoutTypeIds(postProcessor),
    specialTokens: namedSpecialTokens(roles, (token) => added.idOf(token) ?? model.idOf(token)),
    maxLength: config.maxLength,
    truncationSide: config.truncationSide,
    truncationLength: truncationLength(description, postProcessor),
  };
}

function optional<T>(description: Fields, key: string, read: (fields: Fields) => T): T | undefined {
  const fields = description.optionalObject(key);
  return fields === undefined ? undefined : read(fields);
}

/** Those of the description, with the flags that the configuration states, and those that only the configuration has. */
function addedTokens(description: Fields, config: TokenizerConfig): AddedTokenEntry[] {
  const own = description.objects("added_tokens", []).map((fields): AddedTokenEntry => {
    const id = fields.count("id");
    if (id >= ID_LIMIT) throw fields.error("id", `is ${id}; expected an integer from 0 to ${ID_LIMIT - 1}.`);
    return readEntry(fields, { special: false });
  });
  const known = new Set([...own, ...config.stated].map(({ content }) => content));
  const further = [...config.roles.values(), ...config.added].filter(({ content }) => !known.has(content));
  return [...own, ...config.stated, ...further];
}

function usualRoles(entries: readonly AddedTokenEntry[]): [SpecialRole, AddedTokenEntry][] {
  return entries
    .filter(({ special }) => special)
    .flatMap((entry) =>
      (USUAL_ROLES[entry.content] ?? []).map((role): [SpecialRole, AddedTokenEntry] => [role, entry]),
    );
}

/** The truncation that the file asks for is stated, not obeyed; one that could not be obeyed is an error all the same. */
function truncationLength(description: Fields, { single }: PostProcessor): number | undefined {
  const truncation = description.optionalObject("truncation");
  if (truncation === undefined) return undefined;
  const length = truncation.count("max_length");
  const stride = truncation.count("stride", 0);
  const room = length - addedCount(single);
  if (stride > 0 && stride >= room) {
    throw truncation.error(
      "stride",
      `is ${stride}, but max_length ${length} leaves room for ${room} tokens of a text.`,
    );
  }
  return length;
}

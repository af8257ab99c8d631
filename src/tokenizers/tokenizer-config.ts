import type { AddedTokenEntry } from "./added-vocabulary.ts";
import { Fields } from "./fields.ts";
import { SPECIAL_ROLES, type SpecialRole } from "./special-tokens.ts";
import { parseJson, type TokenizerFiles } from "./tokenizer-files.ts";
import type { TruncationSide } from "./truncation.ts";

/** Configurations write 1e30 where there is no limit. */
const LARGEST_MAX_LENGTH = 1e9;

/** What stands beside the vocabulary: `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`. */
export interface TokenizerConfig {
  /** The keys of tokenizer_config.json; empty where there is no such file. */
  readonly fields: Fields;
  /** The tokenizer's name in transformers without "Fast", such as "BertTokenizer". */
  readonly className: string | undefined;
  readonly roles: ReadonlyMap<SpecialRole, AddedTokenEntry>;
  /** The tokens of `added_tokens_decoder`, which states all their flags, in the order of their ids. */
  readonly stated: readonly AddedTokenEntry[];
  /** These and all others that are named. */
  readonly added: readonly AddedTokenEntry[];
  readonly maxLength: number | undefined;
  /** The end that is cut off where nothing else is asked for. */
  readonly truncationSide: TruncationSide;
  /** Whether the model is told which of two texts a token belongs to. */
  readonly givesTypeIds: boolean;
}

export async function readTokenizerConfig(files: TokenizerFiles): Promise<TokenizerConfig> {
  const [config, map, legacy] = await Promise.all(
    ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"].map((file) => readFields(files, file)),
  );
  const fields = config ?? new Fields({}, "tokenizer_config.json");
  const maxLength = fields.value("model_max_length");
  const stated = readStated(fields);
  return {
    fields,
    className: fields.string("tokenizer_class", "").replace(/Fast$/, "") || undefined,
    roles: readRoles([fields, ...(map === undefined ? [] : [map])]),
    stated,
    added: [...stated, ...readFurther(fields, map, legacy)],
    maxLength: typeof maxLength === "number" && maxLength < LARGEST_MAX_LENGTH ? maxLength : undefined,
    truncationSide: fields.choice("truncation_side", { left: "left", right: "right" } as const, "right"),
    givesTypeIds: givesTypeIds(fields),
  };
}

/**
 * `model_input_names` says it. Without that key the class does: since release 5 of transformers its general class, which
 * files of that age name "TokenizersBackend", gives none; earlier classes do wherever there are any to give.
 */
function givesTypeIds(fields: Fields): boolean {
  const names = fields.list("model_input_names", []);
  if (names.length > 0) return names.includes("token_type_ids");
  return fields.string("tokenizer_class", "") !== "TokenizersBackend";
}

async function readFields(files: TokenizerFiles, file: string): Promise<Fields | undefined> {
  const bytes = await files.read(file);
  return bytes === undefined ? undefined : parseJson(file, bytes);
}

function readRoles(sources: readonly Fields[]): Map<SpecialRole, AddedTokenEntry> {
  const roles = new Map<SpecialRole, AddedTokenEntry>();
  for (const source of sources) {
    for (const role of SPECIAL_ROLES) {
      const token = readToken(source, `${role}_token`);
      if (token !== undefined && !roles.has(role)) roles.set(role, token);
    }
  }
  return roles;
}

function readStated(config: Fields): AddedTokenEntry[] {
  const decoder = config.optionalObject("added_tokens_decoder");
  const ids = decoder?.keys() ?? [];
  return ids.sort((a, b) => Number(a) - Number(b)).map((id) => readEntry(decoder!.object(id), { special: false }));
}

function readFurther(config: Fields, map: Fields | undefined, legacy: Fields | undefined): AddedTokenEntry[] {
  const legacyIds = (legacy?.keys() ?? []).map((content): [string, number] => [content, legacy!.count(content)]);
  const older = legacyIds.sort(([, a], [, b]) => a - b).map(([content]) => plainEntry(content, false));
  const further = [config, map].flatMap((source) => [
    ...readTokens(source, "additional_special_tokens"),
    ...readTokens(source, "extra_special_tokens"),
  ]);
  return [...older, ...further];
}

/** A list of special tokens; `extra_special_tokens` may also be an object of named ones. */
function readTokens(source: Fields | undefined, key: string): AddedTokenEntry[] {
  const value = source?.value(key);
  if (source === undefined || value === undefined) return [];
  const tokens = Array.isArray(value) ? value : Object.values(source.object(key));
  return tokens.flatMap((token) =>
    typeof token === "string" ? [plainEntry(token, true)] : [readEntry(new Fields(token, key), { special: true })],
  );
}

function readToken(source: Fields, key: string): AddedTokenEntry | undefined {
  const value = source.value(key);
  if (value === undefined) return undefined;
  return typeof value === "string" ? plainEntry(value, true) : readEntry(source.object(key), { special: true });
}

/** A token that is given by its text alone. */
export function plainEntry(content: string, special: boolean): AddedTokenEntry {
  return { content, special, normalized: !special, singleWord: false, stripsLeft: false, stripsRight: false };
}

/** A token with its flags, as `added_tokens` of tokenizer.json and other files write it. */
export function readEntry(fields: Fields, defaults: { special: boolean }): AddedTokenEntry {
  const special = fields.boolean("special", defaults.special);
  return {
    content: fields.string("content"),
    special,
    normalized: fields.boolean("normalized", !special),
    singleWord: fields.boolean("single_word", false),
    stripsLeft: fields.boolean("lstrip", false),
    stripsRight: fields.boolean("rstrip", false),
  };
}

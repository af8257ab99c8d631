import { Character, characterClasses } from "./characters.ts";
import type { Fields } from "./fields.ts";
import { BertPreTokenizer } from "./pre-tokenizers/bert-pre-tokenizer.ts";
import { ByteLevelPreTokenizer } from "./pre-tokenizers/byte-level-pre-tokenizer.ts";
import { CharacterSplit } from "./pre-tokenizers/character-split.ts";
import type { DelimiterBehavior } from "./pre-tokenizers/delimiter.ts";
import { FixedLength } from "./pre-tokenizers/fixed-length.ts";
import { Metaspace, type PrependScheme } from "./pre-tokenizers/metaspace.ts";
import { type PreTokenizer, PreTokenizerSequence } from "./pre-tokenizers/pre-tokenizer.ts";
import { Split } from "./pre-tokenizers/split.ts";
import { UnicodeScripts } from "./pre-tokenizers/unicode-scripts.ts";
import { Whitespace } from "./pre-tokenizers/whitespace.ts";
import { readPattern } from "./read-pattern.ts";
import { readSequence } from "./read-sequence.ts";
import { isWordPattern, type PatternReading, patternFinder } from "./split-pattern.ts";

const READERS: Record<string, (fields: Fields, depth: number, patterns: PatternReading) => PreTokenizer> = {
  BertPreTokenizer: () => new BertPreTokenizer(),
  ByteLevel: readByteLevel,
  CharDelimiterSplit: readCharDelimiterSplit,
  Delimiter: readCharDelimiterSplit,
  Digits: (fields) =>
    splitAt(Character.numeric, fields.boolean("individual_digits", false) ? "isolated" : "contiguous"),
  FixedLength: readFixedLength,
  Metaspace: readMetaspace,
  Punctuation: (fields) => splitAt(Character.punctuation, fields.choice("behavior", BEHAVIORS, "Isolated")),
  Sequence: (fields, depth, patterns) =>
    new PreTokenizerSequence(
      readSequence(fields, "pretokenizers", depth, (part, inner) => readPreTokenizer(part, inner, patterns)),
    ),
  Split: readSplit,
  UnicodeScripts: () => new UnicodeScripts(),
  Whitespace: () => new Whitespace(),
  WhitespaceSplit: () => splitAt(Character.whitespace, "removed"),
};

const BEHAVIORS: Record<string, DelimiterBehavior> = {
  Removed: "removed",
  Isolated: "isolated",
  MergedWithPrevious: "merged-with-previous",
  MergedWithNext: "merged-with-next",
  Contiguous: "contiguous",
};

/** As files write them. */
export const PREPEND_SCHEMES: Record<string, PrependScheme> = { always: "always", first: "first", never: "never" };

/** @throws TokenizerError for an unknown type or a value that makes no sense. */
export function readPreTokenizer(fields: Fields, depth = 0, patterns: PatternReading = "linear"): PreTokenizer {
  return fields.choice("type", READERS)(fields, depth, patterns);
}

function splitAt(bit: number, behavior: DelimiterBehavior): PreTokenizer {
  const classes = characterClasses();
  return new CharacterSplit((code) => (classes[code]! & bit) !== 0, behavior);
}

function readByteLevel(fields: Fields): PreTokenizer {
  return new ByteLevelPreTokenizer({
    addsPrefixSpace: fields.boolean("add_prefix_space", true),
    splits: fields.boolean("use_regex", true),
  });
}

function readCharDelimiterSplit(fields: Fields): PreTokenizer {
  const delimiter = readCharacter(fields, "delimiter");
  return new CharacterSplit((code) => code === delimiter.codePointAt(0), "removed");
}

function readFixedLength(fields: Fields): PreTokenizer {
  const length = fields.count("length", 5);
  if (length === 0) throw fields.error("length", "is 0; expected an integer of 1 or more.");
  return new FixedLength(length);
}

/** Older files say `add_prefix_space` instead of `prepend_scheme`. */
function readMetaspace(fields: Fields): PreTokenizer {
  const hasPrefix = fields.boolean("add_prefix_space", true);
  const prependScheme = fields.choice("prepend_scheme", PREPEND_SCHEMES, hasPrefix ? "always" : "never");
  if (!hasPrefix && prependScheme !== "never") {
    throw fields.error("add_prefix_space", `is false, but prepend_scheme is "${prependScheme}"; expected "never".`);
  }
  const replacement = readCharacter(fields, "replacement");
  return new Metaspace({ replacement, prependScheme, splits: fields.boolean("split", true) });
}

function readSplit(fields: Fields, _depth: number, patterns: PatternReading): PreTokenizer {
  const pattern = readPattern(fields);
  const behavior = fields.choice("behavior", BEHAVIORS);
  const inverts = fields.boolean("invert", false);
  const keepsMatches = inverts ? behavior === "removed" : behavior === "isolated";
  return new Split(patternFinder(pattern, { origin: `${fields.origin}.pattern`, patterns }), {
    behavior,
    inverts,
    isLocal: isWordPattern(pattern) && keepsMatches,
  });
}

/** A string of one code point. */
export function readCharacter(fields: Fields, key: string, fallback?: string): string {
  const text = fields.string(key, fallback);
  if ([...text].length !== 1) throw fields.error(key, `is ${JSON.stringify(text)}; expected one character.`);
  return text;
}

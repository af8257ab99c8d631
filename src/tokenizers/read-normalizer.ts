import type { Fields } from "./fields.ts";
import { BertNormalizer } from "./normalizers/bert-normalizer.ts";
import { ByteLevelNormalizer } from "./normalizers/byte-level-normalizer.ts";
import { Lowercase } from "./normalizers/lowercase.ts";
import { Nmt } from "./normalizers/nmt.ts";
import { type Normalizer, NormalizerSequence } from "./normalizers/normalizer.ts";
import { Prepend } from "./normalizers/prepend.ts";
import { Replace } from "./normalizers/replace.ts";
import { Strip } from "./normalizers/strip.ts";
import { StripAccents } from "./normalizers/strip-accents.ts";
import { UnicodeForm } from "./normalizers/unicode-form.ts";
import { readPattern } from "./read-pattern.ts";
import { readPrecompiled } from "./read-precompiled.ts";
import { readSequence } from "./read-sequence.ts";
import { type PatternReading, patternFinder } from "./split-pattern.ts";

const READERS: Record<string, (fields: Fields, depth: number, patterns: PatternReading) => Normalizer> = {
  BertNormalizer: readBert,
  ByteLevel: () => new ByteLevelNormalizer(),
  Lowercase: () => new Lowercase(),
  NFC: () => new UnicodeForm("NFC"),
  NFD: () => new UnicodeForm("NFD"),
  NFKC: () => new UnicodeForm("NFKC"),
  NFKD: () => new UnicodeForm("NFKD"),
  Nmt: () => new Nmt(),
  Precompiled: readPrecompiled,
  Prepend: (fields) => new Prepend(fields.string("prepend")),
  Replace: readReplace,
  Sequence: (fields, depth, patterns) =>
    new NormalizerSequence(
      readSequence(fields, "normalizers", depth, (part, inner) => readNormalizer(part, inner, patterns)),
    ),
  Strip: (fields) => new Strip(fields.boolean("strip_left", true), fields.boolean("strip_right", true)),
  StripAccents: () => new StripAccents(),
};

/** @throws TokenizerError for an unknown type or a value that makes no sense. */
export function readNormalizer(fields: Fields, depth = 0, patterns: PatternReading = "linear"): Normalizer {
  return fields.choice("type", READERS)(fields, depth, patterns);
}

function readBert(fields: Fields): Normalizer {
  const lowercase = fields.boolean("lowercase", true);
  return new BertNormalizer({
    cleanText: fields.boolean("clean_text", true),
    separateIdeographs: fields.boolean("handle_chinese_chars", true),
    lowercase,
    stripAccents: fields.boolean("strip_accents", lowercase),
  });
}

function readReplace(fields: Fields, _depth: number, patterns: PatternReading): Normalizer {
  const pattern = readPattern(fields);
  const find = patternFinder(pattern, { origin: `${fields.origin}.pattern`, patterns });
  return new Replace(pattern, find, fields.string("content"));
}

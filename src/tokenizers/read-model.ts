import { BytePair } from "./byte-pair.ts";
import { describeValue } from "./describe-value.ts";
import type { Fields } from "./fields.ts";
import { readMerges } from "./merges.ts";
import type { TokenizerModel } from "./model.ts";
import { MAX_PIECES, Unigram } from "./unigram.ts";
import { Vocabulary } from "./vocabulary.ts";
import { WordLevel } from "./word-level.ts";
import { WordPiece } from "./word-piece.ts";

const READERS: Record<string, (fields: Fields) => TokenizerModel> = {
  BPE: readBytePair,
  Unigram: readUnigram,
  WordLevel: (fields) => new WordLevel(readVocabulary(fields), { unknownToken: fields.string("unk_token", "<unk>") }),
  WordPiece: (fields) =>
    new WordPiece(readVocabulary(fields), {
      unknownToken: fields.string("unk_token", "[UNK]"),
      continuationPrefix: fields.string("continuing_subword_prefix", "##"),
      maxCharacters: fields.count("max_input_chars_per_word", 100),
    }),
};

/** @throws TokenizerError for an unknown type or a vocabulary that contradicts itself. */
export function readModel(fields: Fields): TokenizerModel {
  return fields.choice("type", READERS, typeByKeys(fields))(fields);
}

/** Early files do not state the type. */
function typeByKeys(fields: Fields): string {
  if (fields.value("merges") !== undefined) return "BPE";
  if (fields.value("continuing_subword_prefix") !== undefined) return "WordPiece";
  return Array.isArray(fields.value("vocab")) ? "Unigram" : "WordLevel";
}

function readVocabulary(fields: Fields): Vocabulary {
  const entries = fields.object("vocab");
  const vocabulary = new Vocabulary(entries.origin);
  for (const token of entries.keys()) vocabulary.add(token, entries.value(token));
  return vocabulary;
}

function readBytePair(fields: Fields): TokenizerModel {
  const unknownToken = fields.value("unk_token") === undefined ? {} : { unknownToken: fields.string("unk_token") };
  return new BytePair(readVocabulary(fields), readMerges(fields.value("merges"), `${fields.origin}.merges`), {
    ...unknownToken,
    fuseUnknown: fields.boolean("fuse_unk", false),
    byteFallback: fields.boolean("byte_fallback", false),
    continuationPrefix: fields.string("continuing_subword_prefix", ""),
    endSuffix: fields.string("end_of_word_suffix", ""),
    ignoreMerges: fields.boolean("ignore_merges", false),
  });
}

function readUnigram(fields: Fields): TokenizerModel {
  const unknownId = fields.value("unk_id") === undefined ? {} : { unknownId: fields.count("unk_id") };
  const entries = fields.list("vocab");
  if (entries.length > MAX_PIECES) {
    throw fields.error("vocab", `has ${entries.length} pieces; at most ${MAX_PIECES} can be read.`);
  }
  const pieces = entries.map((entry, id): [string, number] => {
    if (Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "number") {
      return [entry[0], entry[1]];
    }
    throw fields.error(`vocab[${id}]`, `is ${describeValue(entry)}; expected a piece and its score.`);
  });
  const byteFallback = fields.boolean("byte_fallback", false);
  return new Unigram(pieces, { ...unknownId, byteFallback, origin: `${fields.origin}.vocab` });
}

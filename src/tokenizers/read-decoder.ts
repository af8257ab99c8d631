import { ByteFallback } from "./decoders/byte-fallback.ts";
import { ByteLevelDecoder } from "./decoders/byte-level-decoder.ts";
import { BytePairDecoder } from "./decoders/byte-pair-decoder.ts";
import { CtcDecoder } from "./decoders/ctc-decoder.ts";
import { type Decoder, DecoderSequence } from "./decoders/decoder.ts";
import { Fuse } from "./decoders/fuse.ts";
import { MetaspaceDecoder } from "./decoders/metaspace-decoder.ts";
import { ReplaceDecoder } from "./decoders/replace-decoder.ts";
import { StripDecoder } from "./decoders/strip-decoder.ts";
import { WordPieceDecoder } from "./decoders/word-piece-decoder.ts";
import type { Fields } from "./fields.ts";
import { readPattern } from "./read-pattern.ts";
import { PREPEND_SCHEMES, readCharacter } from "./read-pre-tokenizer.ts";
import { readSequence } from "./read-sequence.ts";
import { type PatternReading, patternFinder } from "./split-pattern.ts";

const READERS: Record<string, (fields: Fields, depth: number, patterns: PatternReading) => Decoder> = {
  BPEDecoder: (fields) => new BytePairDecoder(fields.string("suffix", "</w>")),
  ByteFallback: () => new ByteFallback(),
  ByteLevel: () => new ByteLevelDecoder(),
  CTC: (fields) =>
    new CtcDecoder({
      padToken: fields.string("pad_token", "<pad>"),
      wordDelimiter: fields.string("word_delimiter_token", "|"),
      cleansUp: fields.boolean("cleanup", true),
    }),
  Fuse: () => new Fuse(),
  Metaspace: readMetaspace,
  Replace: (fields, _depth, patterns) =>
    new ReplaceDecoder(
      patternFinder(readPattern(fields), { origin: `${fields.origin}.pattern`, patterns }),
      fields.string("content"),
    ),
  Sequence: (fields, depth, patterns) =>
    new DecoderSequence(readSequence(fields, "decoders", depth, (part, inner) => readDecoder(part, inner, patterns))),
  Strip: (fields) =>
    new StripDecoder(readCharacter(fields, "content"), fields.count("start", 0), fields.count("stop", 0)),
  WordPiece: (fields) => new WordPieceDecoder(fields.string("prefix", "##"), fields.boolean("cleanup", true)),
};

/** @throws TokenizerError for an unknown type or a value that makes no sense. */
export function readDecoder(fields: Fields, depth = 0, patterns: PatternReading = "linear"): Decoder {
  return fields.choice("type", READERS)(fields, depth, patterns);
}

function readMetaspace(fields: Fields): Decoder {
  const scheme = fields.choice(
    "prepend_scheme",
    PREPEND_SCHEMES,
    fields.boolean("add_prefix_space", true) ? "always" : "never",
  );
  return new MetaspaceDecoder(readCharacter(fields, "replacement"), scheme !== "never");
}

/** Texts to token ids and back, exactly as the models were trained: `cloze/tokenizers`. */
export { Encoding } from "./encoding.ts";
export type { OffsetUnit } from "./offsets.ts";
export type { SpecialTokenReading } from "./pipeline.ts";
export type { SpecialRole, SpecialTokens } from "./special-tokens.ts";
export type { PatternReading } from "./split-pattern.ts";
export {
  type DecodeOptions,
  type EncodeOptions,
  Tokenizer,
  type TokenizerInput,
  type TokenizerLoadOptions,
} from "./tokenizer.ts";
export type { TokenizerFiles } from "./tokenizer-files.ts";
export type { TruncationSide, TruncationStrategy } from "./truncation.ts";

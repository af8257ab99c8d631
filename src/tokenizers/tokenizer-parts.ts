import type { Decoder } from "./decoders/decoder.ts";
import type { PipelineParts } from "./pipeline.ts";
import type { PostProcessor } from "./post-processor.ts";
import type { SpecialTokens } from "./special-tokens.ts";
import type { TruncationSide } from "./truncation.ts";

/** What a tokenizer is made of. */
export interface TokenizerParts extends PipelineParts {
  postProcessor: PostProcessor;
  /** Without one, `decode` joins tokens with spaces. */
  decoder: Decoder | undefined;
  specialTokens: SpecialTokens;
  /** `model_max_length` of tokenizer_config.json; undefined where it is missing or means "no limit". */
  maxLength: number | undefined;
  /** `truncation_side` of tokenizer_config.json; "right" where it is missing. */
  truncationSide: TruncationSide;
  /** The length that a tokenizer.json asks to cut every text to. It is stated here and not obeyed. */
  truncationLength: number | undefined;
}

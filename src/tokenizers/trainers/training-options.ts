import { InputError } from "../../errors.ts";
import { ID_LIMIT } from "../vocabulary.ts";
import { TOKENIZER_KINDS, type TokenizerKind } from "./tokenizer-kinds.ts";

/** What a tokenizer is to become. */
export interface VocabularyOptions {
  /**
   * "word-piece" (BERT), "byte-pair" (words end with `</w>`, as in the original), "byte-level" (RoBERTa: byte-pair over
   * bytes, nothing is unknown) or "unigram" (ALBERT, T5). Default "word-piece".
   */
  kind?: TokenizerKind;
  /** Tokens in all, special ones and characters counted. Fewer where the corpus gives no more. Default 30,000. */
  vocabularySize?: number;
  /** Read everything in lower case; word-piece then drops accents, too, as BERT does. Default false. */
  lowercase?: boolean;
  /** Special tokens beside those of the kind (such as [CLS] and [MASK]), after them. Default none. */
  specialTokens?: readonly string[];
  /** What comes less often in the corpus, pairs of tokens or substrings, becomes no token. Default 2. */
  minFrequency?: number;
  /**
   * Most different characters that get tokens, the most frequent. Not for byte-level, where bytes do. Default: 1,000, and
   * as many more as it takes to cover 99.95 % of the text.
   */
  limitAlphabet?: number;
  /** Of word-piece: what tokens that continue a word begin with. Default "##". */
  continuingPrefix?: string;
  /** Most tokens of a text, special ones counted, for `model_max_length` of tokenizer_config.json. Default 512. */
  maxLength?: number;
}

/** The options with their defaults. */
export type SettledOptions = Required<Omit<VocabularyOptions, "limitAlphabet">> & { limitAlphabet: number | undefined };

/** @throws InputError for a value that makes no sense, alone or with the others. */
export function settleOptions(options: VocabularyOptions): SettledOptions {
  const { kind = "word-piece", lowercase = false, specialTokens = [], limitAlphabet, continuingPrefix } = options;
  if (!TOKENIZER_KINDS.includes(kind)) {
    const known = TOKENIZER_KINDS.map((each) => `"${each}"`).join(", ");
    throw new InputError(`kind is ${JSON.stringify(kind)}; expected one of ${known}.`);
  }
  if (limitAlphabet !== undefined && kind === "byte-level") {
    throw new InputError('limitAlphabet is not for kind "byte-level", whose alphabet are the 256 bytes. Leave it out.');
  }
  if (continuingPrefix !== undefined && kind !== "word-piece") {
    throw new InputError(`continuingPrefix is for kind "word-piece" alone, not "${kind}". Leave it out.`);
  }
  if (continuingPrefix === "") throw new InputError('continuingPrefix is empty; expected a mark such as "##".');
  const repeated = specialTokens.find((token, i) => token.trim() === "" || specialTokens.indexOf(token) !== i);
  if (repeated !== undefined) {
    throw new InputError(`specialTokens has ${JSON.stringify(repeated)}; expected different texts, none blank.`);
  }
  return {
    kind,
    lowercase,
    specialTokens,
    vocabularySize: checked("vocabularySize", options.vocabularySize ?? 30_000, ID_LIMIT),
    minFrequency: checked("minFrequency", options.minFrequency ?? 2, Number.MAX_SAFE_INTEGER),
    limitAlphabet: limitAlphabet === undefined ? undefined : checked("limitAlphabet", limitAlphabet, ID_LIMIT),
    continuingPrefix: continuingPrefix ?? "##",
    maxLength: checked("maxLength", options.maxLength ?? 512, Number.MAX_SAFE_INTEGER),
  };
}

function checked(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  const limit = most === Number.MAX_SAFE_INTEGER ? "1 or more" : `1 to ${most}`;
  throw new InputError(`${name} is ${value}; expected a whole number, ${limit}.`);
}

import type { Decoder } from "./decoder.ts";

/** Joins continuations to their word and sets spaces between words. */
export class WordPieceDecoder implements Decoder {
  private readonly prefix: string;
  private readonly cleansUp: boolean;

  constructor(prefix = "##", cleansUp = true) {
    this.prefix = prefix;
    this.cleansUp = cleansUp;
  }

  decode(tokens: string[]): string[] {
    return tokens.map((token, i) => {
      const continues = token.startsWith(this.prefix);
      const text = i === 0 ? token : continues ? token.slice(this.prefix.length) : ` ${token}`;
      return this.cleansUp ? cleanUp(text) : text;
    });
  }
}

const REPLACEMENTS: [spaced: string, text: string][] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Takes back the spaces that tokenization put before punctuation and English contractions, as the reference does. */
export function cleanUp(text: string): string {
  for (const [spaced, replacement] of REPLACEMENTS) text = text.replaceAll(spaced, replacement);
  return text;
}

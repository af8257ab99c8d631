import type { PseudoLikelihood, TokenLikelihood } from "./fill-options.ts";
import { TokenContexts, type WholeText, WholeTextReader } from "./masked-text.ts";
import type { TaskWork } from "./perform.ts";
import type { TaskModel } from "./task-model.ts";
import { logSumExp, type WordQuery, wordLogits } from "./word-logits.ts";

interface ScoreOptions {
  readonly truncation?: "window" | "error" | undefined;
  readonly batchTokens: number;
}

/** What one call of `MaskFiller.score` does with each text. */
export class ScoreWork implements TaskWork<string, WholeText, PseudoLikelihood> {
  readonly #opened: TaskModel;
  readonly #mask: { readonly id: number };
  readonly #reader: WholeTextReader;
  readonly #batchTokens: number;

  constructor(opened: TaskModel, mask: { readonly id: number }, { truncation, batchTokens }: ScoreOptions) {
    this.#opened = opened;
    this.#mask = mask;
    this.#reader = new WholeTextReader(opened, truncation);
    this.#batchTokens = batchTokens;
  }

  tokenize(text: string, index?: number): WholeText {
    return this.#reader.read(text, index);
  }

  async run(texts: readonly WholeText[], signal: AbortSignal): Promise<PseudoLikelihood[]> {
    const tokens = texts.map((text) => this.#scored(text));
    const ids = new Map(texts.flatMap((text, i) => this.#maskEach(text, tokens[i] as number[])));
    const found = await wordLogits(this.#opened.model, [...ids.keys()], {
      batchTokens: this.#batchTokens,
      signal,
      read: (logits, query) => (logits[ids.get(query) as number] as number) - logSumExp(logits),
    });
    let next = 0;
    return texts.map(({ text, encoding: { offsets } }, i) => {
      const likelihoods = (tokens[i] as number[]).map((token): TokenLikelihood => {
        const [start, end] = offsets[token] as [number, number];
        return { text: text.slice(start, end), start, end, logProbability: found[next++]?.[0] as number };
      });
      return { score: likelihoods.reduce((sum, { logProbability }) => sum + logProbability, 0), tokens: likelihoods };
    });
  }

  /** The tokens that count. */
  #scored({ encoding: { ids, special } }: WholeText): number[] {
    return Array.from(special.keys()).filter((token) => special[token] === 0 && ids[token] !== this.#mask.id);
  }

  /** The text with each of the tokens masked, and the token that stood there. */
  #maskEach({ encoding }: WholeText, tokens: readonly number[]): [query: WordQuery, id: number][] {
    const contexts = new TokenContexts(encoding, this.#opened.maxLength);
    return tokens.map((token) => [
      contexts.around([token], new Map([[token, this.#mask.id]])),
      encoding.ids[token] as number,
    ]);
  }
}

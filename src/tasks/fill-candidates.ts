import { InputError } from "../errors.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type Mask, placeWord } from "./masked-text.ts";
import { highest } from "./word-logits.ts";

interface CandidateOptions {
  readonly targets?: readonly string[] | undefined;
  readonly wholeWords?: boolean | undefined;
}

/** What may stand in one mask of a text. */
export class FillCandidates {
  readonly #tokenizer: Tokenizer;
  readonly #text: string;
  readonly #mask: Mask;
  readonly #wholeWords: boolean;
  readonly #targets: readonly number[] | undefined;

  /** @throws InputError when a target is not one token there. */
  constructor(tokenizer: Tokenizer, text: string, mask: Mask, { targets, wholeWords = false }: CandidateOptions) {
    this.#tokenizer = tokenizer;
    this.#text = text;
    this.#mask = mask;
    this.#wholeWords = wholeWords;
    const ids = targets?.map((target) => this.#idOf(target));
    this.#targets = ids && [...new Set(ids)].sort((a, b) => a - b);
  }

  /** The ids with the highest logits, the first `count` of those that may stand there. */
  best(logits: Float32Array, count: number): number[] {
    if (this.#targets !== undefined) {
      const ids = this.#targets.filter((id) => this.#mayStand(id));
      const kept = Float32Array.from(ids, (id) => logits[id] as number);
      return highest(kept, count).map((i) => ids[i] as number);
    }
    // Few are turned down, so few more than `count` are looked at first.
    for (let looked = 2 * count; ; looked *= 8) {
      const found = highest(logits, looked).filter((id) => this.#mayStand(id));
      if (found.length >= count || looked >= logits.length) return found.slice(0, count);
    }
  }

  /** Models have more logits than words where their sizes were rounded up. */
  #mayStand(id: number): boolean {
    if (this.#tokenizer.tokenOf(id) === undefined) return false;
    if (!this.#wholeWords) return true;
    const word = this.#tokenizer.decode([id], { skipSpecial: true }).trim();
    if (!/[\p{L}\p{N}]/u.test(word)) return false;
    const { ids, isAlone } = placeWord(this.#tokenizer, this.#text, this.#mask, word);
    return isAlone && ids.length === 1 && ids[0] === id;
  }

  #idOf(target: string): number {
    const { ids } = placeWord(this.#tokenizer, this.#text, this.#mask, target);
    const unknown = this.#tokenizer.specialTokens.unk?.id;
    if (ids.length === 1 && ids[0] !== unknown) return ids[0] as number;
    const spelled = this.#tokenizer.idOf(target);
    if (spelled !== undefined) return spelled;
    const tokens = ids.map((id) => JSON.stringify(this.#tokenizer.tokenOf(id))).join(", ");
    const found =
      ids.length === 1
        ? `is not in the model's vocabulary (${tokens})`
        : `is ${ids.length} tokens${ids.length === 0 ? "" : ` (${tokens})`}`;
    throw new InputError(
      `targets: "${target}" ${found}; a mask stands for one. Name a word of one token, or write as many masks and fill them with joint: true.`,
    );
  }
}

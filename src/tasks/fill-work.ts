import { InputError } from "../errors.ts";
import { checkTop } from "./classification.ts";
import { FillCandidates } from "./fill-candidates.ts";
import type { Filling, FillOptions } from "./fill-options.ts";
import { findMasks, type Mask, TokenContexts, type WholeText, WholeTextReader } from "./masked-text.ts";
import type { TaskWork } from "./perform.ts";
import type { TaskModel } from "./task-model.ts";
import { logSumExp, type WordQuery, wordLogits } from "./word-logits.ts";

/** A text and its masks. */
interface MaskedText extends WholeText {
  readonly masks: readonly Mask[];
  readonly contexts: TokenContexts;
  /** What may stand in each mask. */
  readonly candidates: readonly FillCandidates[];
}

/** A word for one mask. */
interface Choice {
  readonly id: number;
  readonly logProbability: number;
}

/** Words for the first masks of a text. */
interface Way {
  readonly ids: readonly number[];
  readonly logProbability: number;
}

/** The text that is read, and which of its masks are filled of it. */
interface Asked {
  readonly text: MaskedText;
  readonly masks: readonly number[];
}

const TOP = 5;

/** What one call of `MaskFiller.fill` does with each text. */
export class FillWork implements TaskWork<string, MaskedText, Filling[][]> {
  readonly #opened: TaskModel;
  readonly #mask: { readonly id: number; readonly token: string };
  readonly #reader: WholeTextReader;
  readonly #options: FillOptions & { readonly batchTokens: number };
  readonly #top: number;
  readonly #beam: number;

  constructor(
    opened: TaskModel,
    mask: { readonly id: number; readonly token: string },
    options: FillOptions & { readonly batchTokens: number },
  ) {
    const { top, targets, joint, beam } = options;
    checkTop(top);
    if (targets?.length === 0) throw new InputError("targets is empty; name the words that may stand there.");
    if (beam !== undefined && !joint) throw new InputError("beam is for joint: true.");
    if (beam !== undefined && !(Number.isInteger(beam) && beam >= 1))
      throw new InputError(`beam is ${beam}; expected an integer of at least 1.`);
    this.#opened = opened;
    this.#mask = mask;
    this.#reader = new WholeTextReader(opened, options.truncation);
    this.#options = options;
    this.#top = top ?? targets?.length ?? TOP;
    this.#beam = Math.max(beam ?? TOP, this.#top);
  }

  tokenize(input: string, index?: number): MaskedText {
    const whole = this.#reader.read(input, index);
    const masks = findMasks(whole, this.#mask, index);
    const contexts = new TokenContexts(whole.encoding, this.#opened.maxLength);
    const { tokenizer } = this.#opened;
    const candidates = masks.map((mask) => new FillCandidates(tokenizer, whole.text, mask, this.#options));
    return { ...whole, masks, contexts, candidates };
  }

  run(texts: readonly MaskedText[], signal: AbortSignal): Promise<Filling[][][]> {
    return this.#options.joint ? this.#together(texts, signal) : this.#eachAlone(texts, signal);
  }

  async #eachAlone(texts: readonly MaskedText[], signal: AbortSignal): Promise<Filling[][][]> {
    const asked = new Map(
      texts.flatMap((text) => {
        const all = text.masks.map((_, mask) => mask);
        const groups = text.contexts.fits ? [all] : all.map((mask) => [mask]);
        return groups.map((masks) => [this.#query(text, masks, []), { text, masks }] as const);
      }),
    );
    const choices = (await this.#choose(asked, this.#top, signal)).flat();
    let next = 0;
    return texts.map((text) =>
      text.masks.map((_, mask) =>
        (choices[next++] as Choice[]).map((choice) => this.#filling(text, choice, new Map([[mask, choice.id]]))),
      ),
    );
  }

  /** Beam search over the masks from left to right, of all texts at once. */
  async #together(texts: readonly MaskedText[], signal: AbortSignal): Promise<Filling[][][]> {
    let ways = texts.map((): readonly Way[] => [{ ids: [], logProbability: 0 }]);
    const steps = Math.max(...texts.map(({ masks }) => masks.length));
    for (let mask = 0; mask < steps; mask++) {
      const asked = new Map<WordQuery, Asked>();
      texts.forEach((text, i) => {
        if (mask >= text.masks.length) return;
        for (const { ids } of ways[i] as readonly Way[])
          asked.set(this.#query(text, [mask], ids), { text, masks: [mask] });
      });
      const choices = await this.#choose(asked, this.#beam, signal);
      let next = 0;
      ways = ways.map((before, i) => {
        if (mask >= (texts[i] as MaskedText).masks.length) return before;
        const longer = before.flatMap((way) => continued(way, choices[next++]?.[0] as Choice[]));
        return longer.sort((a, b) => b.logProbability - a.logProbability).slice(0, this.#beam);
      });
    }
    return texts.map((text, i) => {
      const best = (ways[i] as readonly Way[]).slice(0, this.#top);
      return text.masks.map((_, mask) =>
        best.map(({ ids, logProbability }) =>
          this.#filling(text, { id: ids[mask] as number, logProbability }, new Map(ids.entries())),
        ),
      );
    });
  }

  /** What the model reads for masks of a text whose first ones are filled. */
  #query({ masks, contexts }: MaskedText, wanted: readonly number[], filled: readonly number[]): WordQuery {
    const tokenOf = (mask: number) => (masks[mask] as Mask).token;
    return contexts.around(wanted.map(tokenOf), new Map(filled.map((id, mask) => [tokenOf(mask), id])));
  }

  /** The likeliest words of each mask that is asked for. */
  #choose(asked: ReadonlyMap<WordQuery, Asked>, count: number, signal: AbortSignal): Promise<Choice[][][]> {
    return wordLogits(this.#opened.model, [...asked.keys()], {
      batchTokens: this.#options.batchTokens,
      signal,
      read: (logits, query, k) => {
        const { text, masks } = asked.get(query) as Asked;
        const total = logSumExp(logits);
        const ids = (text.candidates[masks[k] as number] as FillCandidates).best(logits, count);
        return ids.map((id) => ({ id, logProbability: (logits[id] as number) - total }));
      },
    });
  }

  #filling(text: MaskedText, { id, logProbability }: Choice, filled: ReadonlyMap<number, number>): Filling {
    const { tokenizer } = this.#opened;
    const { ids, special } = text.encoding;
    const own = ids.slice();
    for (const [mask, word] of filled) own[(text.masks[mask] as Mask).token] = word;
    const sentence = tokenizer.decode(own.filter((_, i) => special[i] === 0));
    return { id, token: tokenizer.decode([id]), text: sentence, score: Math.exp(logProbability) };
  }
}

function continued({ ids, logProbability }: Way, choices: readonly Choice[]): Way[] {
  return choices.map((choice) => ({
    ids: [...ids, choice.id],
    logProbability: logProbability + choice.logProbability,
  }));
}

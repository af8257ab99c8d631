import type { DataRow } from "../../datasets/data-row.ts";
import { InputError } from "../../errors.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { judgeTags } from "../evaluate/judge.ts";
import { labelLoss } from "../losses/target-losses.ts";
import type { ClassLabels } from "./class-labels.ts";
import type { Example, TuningTask } from "./tuning-task.ts";

export interface TagExample extends Example {
  /** Of each token: the number of its tag, or -100 where it does not learn. */
  readonly labels: Int32Array;
  /** The first token of each word; -1 where it was cut. */
  readonly firsts: readonly number[];
}

/** A tag a word, learned by the word's first token, or by all of them. */
export function tagTask(
  reader: InputReader,
  labels: ClassLabels,
  { wordTokens }: { readonly wordTokens: "first" | "all" },
): TuningTask<TagExample, number[]> {
  const example = (row: DataRow): TagExample => {
    const { tokens = [], tags = [], where } = row;
    if (tokens.length === 0) throw new InputError(`${where} has no tokens. Leave such rows out.`);
    const { windows, length, truncated } = reader.readWords(tokens);
    const { words } = windows[0]!;
    const firsts = tokens.map(() => -1);
    const numbers = tags.map((tag) => labels.index(tag, where));
    const own = Int32Array.from(words, (word, token) => {
      if (word === null || word < 0) return -100;
      const isFirst = firsts[word] === -1;
      if (isFirst) firsts[word] = token;
      return isFirst || wordTokens === "all" ? numbers[word]! : -100;
    });
    const weight = own.filter((label) => label >= 0).length;
    return { texts: windows, length, truncated, weight, labels: own, firsts };
  };
  return {
    head: "token",
    losses: ({ head }) => [labelLoss("tag", head.logits!)],
    outputs: ["logits"],
    config: labels.config,
    main: labels.names.some((name) => /^[BI]-/.test(name)) ? "f1" : "accuracy",
    isSeparable: true,
    example,
    targets(examples, total) {
      const tagLabels = Int32Array.from(examples.flatMap((each) => [...each.labels]));
      const tagWeights = Float32Array.from(tagLabels, (label) => (label < 0 ? 0 : 1 / total));
      return { extra: { tagLabels, tagWeights } };
    },
    results({ logits }, examples, { offsets }) {
      const count = labels.names.length;
      return examples.map((example, i) =>
        tagsOfWords(example, labels.names, (tokens) =>
          tokens.map((token) => bestOf(logits!, (offsets[i]! + token) * count, count)),
        ),
      );
    },
    judge: (_, results, rows) =>
      judgeTags(
        rows.map(({ tags = [] }) => tags),
        results.map((tags) => tags.map((tag) => labels.names[tag]!)),
      ),
  };
}

/** The tag of each word: `choose` gives those of first tokens; cut words are outside, where there is such a tag. */
export function tagsOfWords(
  { firsts }: TagExample,
  names: readonly string[],
  choose: (tokens: readonly number[]) => readonly number[],
): number[] {
  const chosen = choose(firsts.filter((token) => token !== -1));
  const outside = Math.max(0, names.indexOf("O"));
  let next = 0;
  return firsts.map((token) => (token === -1 ? outside : chosen[next++]!));
}

function bestOf(logits: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (logits[start + k]! > logits[start + best]!) best = k;
  return best;
}

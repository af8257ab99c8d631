import type { RunOutputs } from "../../backends/backend.ts";
import { memoryTensor, type StoredTensor, tensorValues } from "../../checkpoints/stored-types.ts";
import { ZEROS } from "../../engine/initializer.ts";
import { affine, multiply } from "../../engine/ops/elementwise.ts";
import { sumColumns } from "../../engine/ops/sum.ts";
import type { PackedBatch } from "../../models/packed-batch.ts";
import { chooseTags } from "../../tasks/choose-tags.ts";
import { softmax } from "../../tasks/score-activation.ts";
import { readTagLabels } from "../../tasks/tag-labels.ts";
import { crfLoss } from "../losses/crf-loss.ts";
import { type TagExample, tagsOfWords } from "./tag-task.ts";
import type { TuningTask } from "./tuning-task.ts";

/** As the modules of Sentence Transformers: a parameter that is no part of the checkpoint's weights. */
const PARAMETER = "modules.crf.transitions";
/** Of transitions to the parameter: optimizers change a number by about the rate, which for scores is too little. */
const SCALE = 100;

/**
 * A tagger with a linear-chain conditional random field on the logits of words' first tokens: whole sequences of tags learn,
 * and `Tagger` looks for the likeliest one. Its transitions become `cloze_crf` in `config.json`.
 * Source: Lample et al., "Neural architectures for named entity recognition", arXiv 1603.01360.
 *
 * @param plain the task without it
 * @param names of the tags
 * @param before transitions to begin with: of a model with the same tags; else none
 */
export function crfTask(
  plain: TuningTask<TagExample, number[]>,
  names: readonly string[],
  before: readonly number[] | undefined,
): TuningTask<TagExample, number[]> {
  const count = names.length;
  const shape = [count + 2, count] as const;
  const rules = { labels: readTagLabels(names), constrained: false };
  const begun = Float32Array.from(before ?? new Float32Array((count + 2) * count), (score) => score / SCALE);
  return {
    ...plain,
    tail: ({ graph }) => ({ transitions: affine(graph.parameter(PARAMETER, shape, ZEROS), SCALE) }),
    tailTensor: (name) => (name === PARAMETER ? memoryTensor(name, shape, begun) : undefined),
    tailConfig: (trained) => ({ cloze_crf: Array.from(transitionsOf(trained)) }),
    outputs: ["logits", "transitions"],
    losses: ({ graph, head, outputs }) =>
      Object.entries({ tag: head.logits!, step: outputs.transitions! }).map(([name, value]) => {
        const gradient = graph.input(`${name}Gradient`, value.shape, "f32");
        return { name, rows: sumColumns(multiply(value, gradient)) };
      }),
    targets: () => ({ extra: {} }),
    learnOutside: learn,
    results: ({ logits, transitions }, examples, { offsets }) =>
      examples.map((example, i) => {
        const scoresOf = (token: number) => {
          const at = (offsets[i]! + token) * count;
          return softmax(Array.from(logits!.subarray(at, at + count)));
        };
        return tagsOfWords(example, names, (tokens) => chooseTags(tokens.map(scoresOf), { ...rules, transitions }));
      }),
  };
}

function transitionsOf(trained: readonly StoredTensor[]): Float32Array {
  const tensor = trained.find(({ name }) => name === PARAMETER)!;
  return tensorValues(tensor).map((value) => value * SCALE);
}

/** Gradients of the mean over all words of a step, by the logits of first tokens and by the transitions. */
function learn(
  { logits, transitions }: RunOutputs,
  examples: readonly TagExample[],
  { ids, offsets }: PackedBatch,
  total: number,
) {
  const count = logits!.length / ids.length;
  const tagGradient = new Float32Array(logits!.length);
  const stepGradient = new Float64Array(transitions!.length);
  let sum = 0;
  for (const [i, { labels }] of examples.entries()) {
    const tokens = Array.from(labels.keys()).filter((token) => labels[token]! >= 0);
    if (tokens.length === 0) continue;
    const starts = tokens.map((token) => (offsets[i]! + token) * count);
    const scores = Float64Array.from(starts.flatMap((at) => Array.from(logits!.subarray(at, at + count))));
    const found = crfLoss(
      scores,
      transitions!,
      tokens.map((token) => labels[token]!),
    );
    sum += found.loss;
    starts.forEach((at, place) => {
      for (let k = 0; k < count; k++) tagGradient[at + k] = found.scores[place * count + k]! / total;
    });
    for (const [k, value] of found.transitions.entries()) stepGradient[k]! += value / total;
  }
  const tagWeights = new Float32Array(ids.length).fill(1);
  const stepWeights = new Float32Array(count + 2).fill(1);
  return {
    loss: sum / total,
    extra: { tagGradient, stepGradient: Float32Array.from(stepGradient), tagWeights, stepWeights },
  };
}

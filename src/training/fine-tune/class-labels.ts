import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { LabelSet } from "../../datasets/label-set.ts";
import { InputError } from "../../errors.ts";
import type { ClassWeights } from "./fine-tune-options.ts";

/** The classes of a model, in its order. */
export class ClassLabels {
  readonly names: readonly string[];
  readonly #set: LabelSet;
  readonly #places: ReadonlyMap<string, number>;

  /** @param known classes of the checkpoint: where they are the same, their order and weights stay */
  constructor(set: LabelSet, known: readonly string[]) {
    const isSame = known.length === set.labels.length && known.every((label) => set.counts.has(label));
    this.names = isSame ? known : set.labels;
    this.#set = set;
    this.#places = new Map(this.names.map((name, i) => [name, i]));
  }

  /** @throws InputError when training did not have it. */
  index(label: string, where: string): number {
    return this.#places.get(label) ?? this.#set.index(label, where);
  }

  /**
   * Of each class, in order.
   *
   * @throws InputError when a weight is for a label that training does not have.
   */
  weights(stated: ClassWeights): number[] {
    if (stated === "balanced") return this.#balancedWeights();
    const unknown = Object.keys(stated).find((label) => !this.#places.has(label));
    if (unknown === undefined) return this.names.map((name) => (Object.hasOwn(stated, name) ? stated[name]! : 1));
    const known = this.names.map((name) => `"${name}"`).join(", ");
    throw new InputError(`classWeights names "${unknown}"; the training data have ${known}. Name one of these.`);
  }

  /** Of each class rows over (classes x its rows), as scikit-learn's "balanced". */
  #balancedWeights(): number[] {
    const counts = this.names.map((name) => this.#set.counts.get(name) ?? 0);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => total / (counts.length * count));
  }

  /** As `config.json` has them. */
  get config(): JsonObject {
    return {
      id2label: Object.fromEntries(this.names.map((name, i) => [String(i), name])),
      label2id: Object.fromEntries(this.names.map((name, i) => [name, i])),
    };
  }
}

import type { Backend, Dtype } from "../backends/backend.ts";
import type { CheckpointWeights, WeightAudit } from "../checkpoints/checkpoint-weights.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import type { StoredTensor } from "../checkpoints/stored-types.ts";
import { ConfigError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "./architecture.ts";
import { type DtypeOf, Model } from "./model.ts";
import type { Tail } from "./model-graph.ts";
import { findArchitecture } from "./registry.ts";
import { checkWeightMemory } from "./weight-memory.ts";

/** Ends of the class names in a config's `architectures`, and the head of each. */
const HEAD_CLASSES: readonly (readonly [string, HeadName])[] = [
  ["ForMaskedLM", "mlm"],
  ["ForPreTraining", "pretraining"],
  ["ForSequenceClassification", "sequence"],
  ["ForTokenClassification", "token"],
  ["ForQuestionAnswering", "qa"],
  ["ForMultipleChoice", "choice"],
  ["ForNextSentencePrediction", "nsp"],
  ["Model", "base"],
  // NeoBERT's repository names its classes otherwise.
  ["LMHead", "mlm"],
  ["NeoBERT", "base"],
];

/** Which head is opened, on which backend, with what behind it. */
export interface LoadModelOptions {
  /** Default: as the config's `architectures` says, else the encoder alone. */
  readonly head?: HeadName | undefined;
  readonly backend: Backend;
  /** Results that a task adds to the program. */
  readonly tail?: Tail | undefined;
  /**
   * What the weights of matmuls and the tables of embeddings are kept in, or of each by its name. Default: as a quantized
   * checkpoint has them, else "f32".
   */
  readonly dtype?: Dtype | DtypeOf | undefined;
  /** Finds the tensors that a tail reads from other files, such as a Dense module's; asked before the checkpoint. */
  readonly tensors?: ((name: string) => StoredTensor | undefined) | undefined;
}

/** A model, and how the file's tensors fit it. */
export interface LoadedModel {
  readonly model: Model;
  /** Which of the file's tensors the head uses, and what became of the others. */
  readonly audit: WeightAudit;
}

/** The architecture of a checkpoint, with its config read. */
export function configure(checkpoint: Checkpoint): ConfiguredArchitecture {
  const names = new Set(checkpoint.list().map(({ name }) => name));
  return findArchitecture(checkpoint.config, names).configure(checkpoint.config, names);
}

/**
 * The head that a config names in `architectures`; `base` when it names none.
 *
 * @throws ConfigError when it names a class that is none of the known heads.
 */
export function headOf(architecture: ConfiguredArchitecture): HeadName {
  const [className] = architecture.common.architectures;
  if (className === undefined) return "base";
  const found = HEAD_CLASSES.find(([ending]) => className.endsWith(ending));
  if (found !== undefined) return found[1];
  const endings = HEAD_CLASSES.map(([ending]) => ending).join(", ");
  throw new ConfigError(`config.json: architectures is "${className}"; known endings: ${endings}.`);
}

/** The head that the config names, if it is one of ours; old configs name classes of their own. */
export function statedHeadOf(architecture: ConfiguredArchitecture): HeadName | undefined {
  try {
    return headOf(architecture);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/**
 * Opens a checkpoint's encoder and head on a backend. Names, shapes and config are checked; weights are read when the
 * first program is compiled.
 *
 * @throws ConfigError when the config asks for something unknown; CheckpointError when weights are missing, misshapen or
 *   unknown, listing the first ten of each, or when they do not fit into memory.
 */
export function loadModel(checkpoint: Checkpoint, options: LoadModelOptions): LoadedModel {
  const architecture = configure(checkpoint);
  const { head = headOf(architecture), backend, tail } = options;
  const weights = checkpoint.weights(architecture.names);
  const tensors = (name: string) => options.tensors?.(name) ?? weights.tensor(name);
  const dtype = options.dtype ?? storedDtypes(checkpoint, weights);
  const model = new Model({ architecture, head, backend, tensors, tail, dtype });
  const pooler =
    head === "base" &&
    model.headOutputs.every((output) => model.parameters([output]).every(({ name }) => weights.has(name)));
  const wanted = head === "base" && !pooler ? ["hidden"] : ["hidden", ...model.headOutputs];
  const parameters = model.parameters(wanted);
  const audit = weights.check(parameters);
  checkWeightMemory(parameters, { name: checkpoint.name, backend, dtype });
  return { model, audit };
}

/** What `quantize` left of each weight. */
function storedDtypes(checkpoint: Checkpoint, weights: CheckpointWeights): Dtype | DtypeOf {
  if (checkpoint.quantizedTo === undefined) return "f32";
  return (name) => {
    if (!weights.has(name)) return "f32"; // of a tail
    const { type, scales } = weights.tensor(name);
    if (scales !== undefined) return "int8";
    return type === "BF16" ? "bf16" : "f32";
  };
}

import type { Backend } from "../backends/backend.ts";
import { ReferenceBackend } from "../backends/reference/reference.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import { ClozeError, ConfigError, InputError } from "../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "../models/architecture.ts";
import { configure, headOf, loadModel } from "../models/load-model.ts";
import type { Model, Tail } from "../models/model.ts";

interface HeadNeeds {
  readonly task: string;
  readonly heads: { readonly [H in HeadName]?: readonly string[] };
  readonly tail?: Tail | undefined;
}

/** Tasks by the heads that they run, and by the outputs where heads of one name differ. */
const TASKS: readonly HeadNeeds[] = [
  { task: "Classifier", heads: { sequence: ["logits"] } },
  { task: "Tagger", heads: { token: ["logits"] } },
  { task: "Answerer", heads: { qa: ["startLogits"] } },
  { task: "MaskFiller", heads: { mlm: ["logits"] } },
  { task: "SparseEmbedder", heads: { mlm: ["logits"] } },
  { task: "MultipleChoice", heads: { choice: ["logits"] } },
  { task: "NextSentence", heads: { nsp: ["logits"], pretraining: ["seqRelationshipLogits"] } },
  { task: "ReplacedTokenDetector", heads: { pretraining: ["logits"] } },
  { task: "Embedder", heads: { base: [] } },
  { task: "Encoder", heads: { base: [] } },
];

/**
 * Heads that keep their weights under the same names, so that one would open as another and mean nothing: of these only
 * the one that the config names opens.
 */
const ALIKE: ReadonlySet<HeadName> = new Set(["sequence", "token", "choice"]);

export interface OpenedHead {
  readonly model: Model;
  readonly head: HeadName;
  /** What the task runs of it. */
  readonly outputs: readonly string[];
}

/**
 * Opens the first of the heads that a task can use. Nothing is uploaded yet.
 *
 * @throws InputError when the checkpoint is made for other tasks, which it names; CheckpointError, ConfigError when it is
 *   made for this one and is damaged.
 */
export function openHead(
  checkpoint: Checkpoint,
  name: string,
  needs: HeadNeeds,
  { backend, onTensor }: { readonly backend: Backend; onTensor(): void },
): OpenedHead {
  const tensors = () => {
    onTensor();
    return undefined;
  };
  const found = tryHeads(checkpoint, needs, (head) =>
    loadModel(checkpoint, { head, backend, tail: needs.tail, tensors }),
  );
  if ("model" in found) return found;
  const stated = statedHead(configure(checkpoint));
  const others = TASKS.filter(({ task }) => task !== needs.task && opens(checkpoint, task)).map(({ task }) => task);
  const isMeant = stated !== undefined && stated !== "base" && needs.heads[stated] !== undefined;
  if (isMeant || others.length === 0) throw found.error;
  throw new InputError(
    `"${name}" does not open as ${needs.task}: ${found.error.message} It opens as ${listed(others)}.`,
  );
}

function tryHeads(
  checkpoint: Checkpoint,
  { heads }: HeadNeeds,
  load: (head: HeadName) => { readonly model: Model },
): OpenedHead | { readonly error: ClozeError } {
  let first: ClozeError | undefined;
  for (const [head, outputs] of Object.entries(heads) as [HeadName, readonly string[]][]) {
    try {
      checkStated(configure(checkpoint), head);
      const { model } = load(head);
      const missing = outputs.find((output) => !model.outputs.includes(output));
      if (missing === undefined) return { model, head, outputs };
      model.close();
      throw new ConfigError(`the head "${head}" of ${model.architecture.name} has no "${missing}".`);
    } catch (error) {
      if (!(error instanceof ClozeError)) throw error;
      first ??= error;
    }
  }
  return { error: first as ClozeError };
}

/** @throws ConfigError when the config names another head whose weights would pass for this one's. */
function checkStated(architecture: ConfiguredArchitecture, head: HeadName): void {
  const stated = statedHead(architecture);
  if (stated === undefined || stated === head || !ALIKE.has(stated) || !ALIKE.has(head)) return;
  throw new ConfigError(`its config.json says "${architecture.common.architectures[0]}".`);
}

/** The head that the config names, if it is one of ours; old configs name classes of their own. */
function statedHead(architecture: ConfiguredArchitecture): HeadName | undefined {
  try {
    return headOf(architecture);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function opens(checkpoint: Checkpoint, task: string): boolean {
  const backend = new ReferenceBackend();
  const needs = TASKS.find((known) => known.task === task) as HeadNeeds;
  const found = tryHeads(checkpoint, needs, (head) => loadModel(checkpoint, { head, backend }));
  if ("model" in found) found.model.close();
  return "model" in found;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

import type { SentenceLayout } from "../../checkpoints/sentence-transformers.ts";
import type { CommandDefinition } from "../command-definition.ts";
import type { CommonFlags } from "../flags.ts";
import { type Inspection, inspectFolder } from "../inspection.ts";
import { showInspection } from "../inspection-text.ts";
import { isForPeople } from "../results.ts";
import { writeText } from "../terminal.ts";

interface InspectFlags extends CommonFlags {
  readonly memory?: true;
  readonly finite?: true;
  readonly tensors?: true;
}

export const inspect: CommandDefinition<InspectFlags> = {
  declare(command) {
    command
      .description(
        "Show what a model folder holds: configuration, weights, tokenizer, which heads would load and what is left " +
          "over. Exits with 1 when the checkpoint would not load.",
      )
      .argument("[model]", "a model's folder, or its id on the hub (default: all-MiniLM-L6-v2, where it is installed)")
      .option("--memory", "plan the memory of runs of several sizes")
      .option("--finite", "read all weights and report NaN and infinities")
      .option("--tensors", "list every tensor");
  },
  examples: [
    "cloze inspect models/bert-base-uncased",
    "cloze inspect models/bert-base-uncased --memory --finite",
    "cloze inspect models/bert-base-uncased --json",
  ],
  async run({ positionals: [where], flags, terminal, reporter }) {
    const pulling = { signal: terminal.signal, onProgress: reporter.progress };
    const inspection = await inspectFolder(where, { ...flags, ...pulling });
    const { problem } = inspection.description;
    const isText = isForPeople(flags, terminal);
    const text = isText ? showInspection(inspection, { tensors: flags.tensors }) : JSON.stringify(toJson(inspection));
    await writeText(terminal.stdout, `${text}\n`);
    return problem === undefined && (inspection.nonFinite ?? []).length === 0 ? 0 : 1;
  },
};

function toJson({ location, checkpoint, description, tokenizer, memory, nonFinite }: Inspection): object {
  const { architecture, audit, head, heads, problem, unusedKeys, tensors, parameters, bytes } = description;
  const checked = audit && { ...audit, used: audit.used.length };
  return {
    name: location.name,
    folder: location.folder,
    architecture: architecture?.name ?? null,
    head: head ?? null,
    loads: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
    maxLength: architecture?.maxLength,
    labels: architecture?.labels,
    config: architecture?.config,
    unusedKeys,
    files: checkpoint.weightFiles.map(({ name }) => name),
    parameters,
    bytes,
    tokenizer,
    ...(location.layout === undefined ? {} : { sentences: layoutJson(location.layout) }),
    heads: heads.map((each) => ({ ...each, loads: each.problem === undefined })),
    weights: checked,
    ...(memory === undefined ? {} : { memory }),
    ...(nonFinite === undefined ? {} : { nonFinite }),
    tensors,
  };
}

function layoutJson({ kind, modules, prompts, defaultPrompt, similarity, maxLength }: SentenceLayout): object {
  const names = modules.map((module) => (module.kind === "pooling" ? module.modes.join("+") : module.kind));
  return { kind, modules: names, prompts: Object.fromEntries(prompts), defaultPrompt, similarity, maxLength };
}

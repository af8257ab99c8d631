import type { CheckpointDescription, MemoryPlan, NonFiniteTensor } from "../models/describe-checkpoint.ts";
import type { Inspection } from "./inspection.ts";
import { table } from "./table.ts";
import { clip } from "./terminal.ts";

/** An inspection for people: facts first, then what would load, then what is odd. */
export function showInspection(
  inspection: Inspection,
  { tensors = false }: { tensors?: boolean | undefined } = {},
): string {
  const { location, description, memory, nonFinite } = inspection;
  const sections = [
    `${location.name}  ${location.folder}\n${table(facts(inspection), { indent: 2 })}`,
    ...(description.heads.length > 0 ? [heads(description)] : []),
    ...leftOver(description),
    ...(memory === undefined ? [] : [memoryTable(memory)]),
    ...(nonFinite === undefined ? [] : [nonFiniteList(nonFinite)]),
    ...(tensors ? [tensorTable(description)] : []),
    ...(description.problem === undefined ? [] : [`would not load: ${description.problem}`]),
  ];
  return sections.join("\n\n");
}

function facts({ location, checkpoint, description, tokenizer }: Inspection): string[][] {
  const { architecture, head, parameters, bytes, tensors } = description;
  const files = checkpoint.weightFiles.map(({ name }) => name).join(", ");
  const types = [...new Set(tensors.map(({ type }) => type))].join(", ");
  const { layout } = location;
  const steps = layout?.modules.map((module) => (module.kind === "pooling" ? module.modes.join("+") : module.kind));
  return [
    ...(architecture === undefined ? [] : [["architecture", `${architecture.name}, head ${head ?? "unknown"}`]]),
    ...(architecture === undefined ? [] : [["sizes", sizesOf(architecture.config)]]),
    ...(architecture === undefined ? [] : [["reads", `${architecture.maxLength} tokens at most`]]),
    [
      "weights",
      `${count(tensors.length, "tensor")}, ${millions(parameters)} parameters, ${megabytes(bytes)} as ${types}`,
    ],
    ["files", clip(files, 100)],
    [
      "tokenizer",
      "problem" in tokenizer ? `none: ${tokenizer.problem}` : `${tokenizer.size.toLocaleString("en")} tokens`,
    ],
    ...(layout === undefined ? [] : [["sentences", `${layout.kind}: ${steps?.join(", ")}${limit(layout.maxLength)}`]]),
  ];
}

function limit(maxLength: number | undefined): string {
  return maxLength === undefined ? "" : `, ${maxLength} tokens`;
}

function sizesOf(config: { readonly [name: string]: unknown }): string {
  const named = ["layers", "hiddenSize", "heads", "feedForwardSize", "vocabularySize"];
  const words: { readonly [name: string]: string } = {
    hiddenSize: "hidden size",
    feedForwardSize: "feed-forward",
    vocabularySize: "vocabulary",
  };
  const sizes = named.filter((name) => typeof config[name] === "number");
  return sizes.map((name) => `${words[name] ?? name} ${config[name]}`).join(", ");
}

function heads({ heads }: CheckpointDescription): string {
  const rows = heads.map(({ head, problem }) => [
    head,
    problem === undefined ? "loads" : `does not: ${clip(problem, 120)}`,
  ]);
  return `heads\n${table(rows, { indent: 2 })}`;
}

/** What the file holds and nobody reads, and what the configuration says to nobody. */
function leftOver({ audit, unusedKeys }: CheckpointDescription): string[] {
  const kinds = [
    ["of other heads", audit?.otherHeads],
    ["redundant", audit?.redundant],
    ["unknown", audit?.unknown],
    ["keys of config.json that nothing reads", unusedKeys],
  ] as const;
  return kinds.flatMap(([kind, names]) =>
    names === undefined || names.length === 0 ? [] : [`${kind}\n${some(names)}`],
  );
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `  ${name}`);
  return [...shown, ...(names.length > 10 ? [`  and ${names.length - 10} more (all with --json)`] : [])].join("\n");
}

function memoryTable(plans: readonly MemoryPlan[]): string {
  const rows = plans.map(({ texts, length, weights, arena, outputs }) => [
    `${texts} x ${length} tokens`,
    megabytes(weights),
    megabytes(arena),
    megabytes(outputs),
    megabytes(weights + arena + outputs),
  ]);
  return `memory\n${table([["a run of", "weights", "arena", "outputs", "together"], ...rows], { right: [1, 2, 3, 4], indent: 2 })}`;
}

function nonFiniteList(tensors: readonly NonFiniteTensor[]): string {
  if (tensors.length === 0) return "all weights are finite";
  const rows = tensors.map(({ name, nan, infinite }) => [name, `${nan} NaN`, `${infinite} infinite`]);
  return `weights that are not finite\n${table(rows, { indent: 2 })}`;
}

function tensorTable({ tensors }: CheckpointDescription): string {
  return `tensors\n${table(
    tensors.map(({ name, type, shape }) => [name, type, `[${shape.join(", ")}]`]),
    { indent: 2 },
  )}`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function millions(number: number): string {
  return number < 1e5 ? number.toLocaleString("en") : `${(number / 1e6).toFixed(1)} M`;
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

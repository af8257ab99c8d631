import type { CommandDefinition } from "./command-definition.ts";

export interface Verb {
  readonly name: string;
  /** One line of `cloze --help`. */
  readonly summary: string;
  /** Only the verb that is called is loaded, with all that it needs: starting quickly depends on it. */
  load(): Promise<CommandDefinition<never>>;
}

export const VERBS: readonly Verb[] = [
  {
    name: "embed",
    summary: "turn texts into vectors",
    load: async () => (await import("./commands/embed.ts")).embed,
  },
  {
    name: "similarity",
    summary: "score how close texts are in meaning",
    load: async () => (await import("./commands/similarity.ts")).similarity,
  },
  {
    name: "search",
    summary: "find the passages of files that answer a query",
    load: async () => (await import("./commands/search.ts")).search,
  },
  {
    name: "classify",
    summary: "say which label a text or a pair has, the model's or your own",
    load: async () => (await import("./commands/classify.ts")).classify,
  },
  {
    name: "rank",
    summary: "sort passages by how well they answer a query",
    load: async () => (await import("./commands/rank.ts")).rank,
  },
  {
    name: "encode",
    summary: "write hidden states and attentions to a file",
    load: async () => (await import("./commands/encode.ts")).encode,
  },
  {
    name: "report",
    summary: "draw the curves of training runs on one page",
    load: async () => (await import("./commands/report.ts")).report,
  },
  {
    name: "tokenize",
    summary: "show the tokens that a model reads",
    load: async () => (await import("./commands/tokenize.ts")).tokenize,
  },
  {
    name: "inspect",
    summary: "show what a model folder holds and what would load",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "verify",
    summary: "run a checkpoint on its recorded inputs and compare",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "debug-data",
    summary: "look through data files before training on them",
    load: async () => (await import("./commands/debug-data.ts")).debugDataCommand,
  },
  {
    name: "doctor",
    summary: "show what computes here, why, and whether it computes right",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
];

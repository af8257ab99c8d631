import type { Verb } from "./verb.ts";

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
    name: "tag",
    summary: "find names, places, parts of speech, ... in texts",
    load: async () => (await import("./commands/tag.ts")).tag,
  },
  {
    name: "fill",
    summary: "say which words fit where a text has a mask",
    load: async () => (await import("./commands/fill.ts")).fill,
  },
  {
    name: "score",
    summary: "say how likely texts are, token by token",
    load: async () => (await import("./commands/score.ts")).score,
  },
  {
    name: "rank",
    summary: "sort passages by how well they answer a query",
    load: async () => (await import("./commands/rank.ts")).rank,
  },
  {
    name: "answer",
    summary: "find the ranges of a text that answer questions",
    load: async () => (await import("./commands/answer.ts")).answer,
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
    name: "quantize",
    summary: "write a model in int8 or bf16, and say how far it drifts",
    load: async () => (await import("./commands/quantize.ts")).quantizeCommand,
  },
  {
    name: "pull",
    summary: "fetch a model of the hub into the cache",
    load: async () => (await import("./commands/pull.ts")).pull,
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
    name: "train-tokenizer",
    summary: "train a tokenizer on a corpus",
    load: async () => (await import("./commands/train-tokenizer.ts")).trainTokenizerCommand,
  },
  {
    name: "pretrain",
    summary: "train an encoder on plain text, from scratch or from a model",
    load: async () => (await import("./commands/pretrain.ts")).pretrainCommand,
  },
  {
    name: "fine-tune",
    summary: "tune a model to labelled rows of your own",
    load: async () => (await import("./commands/fine-tune.ts")).fineTuneCommand,
  },
  {
    name: "evaluate",
    summary: "say how well a model does on labelled data",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  {
    name: "doctor",
    summary: "show what computes here, why, and whether it computes right",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "bench",
    summary: "measure how fast a model runs on your texts",
    load: async () => (await import("./commands/bench.ts")).bench,
  },
  {
    name: "completion",
    summary: "print a script that completes commands in a shell",
    load: async () => (await import("./commands/completion.ts")).completion(VERBS),
  },
];

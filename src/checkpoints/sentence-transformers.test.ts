import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { ConfigError } from "../errors.ts";
import { readSentenceLayout } from "./sentence-transformers.ts";

type Files = { readonly [name: string]: object };

/** A folder with the encoder and these modules after it, in the layout of releases up to 5. */
function folderWith(modules: readonly (readonly [type: string, path: string])[], files: Files = {}): string {
  const all = [["Transformer", ""], ...modules] as const;
  const list = all.map(([type, path], idx) => ({
    idx,
    name: `${idx}`,
    path,
    type: `sentence_transformers.models.${type}`,
  }));
  const contents = Object.entries({ "modules.json": list, ...files }).map(([name, json]) => [
    name,
    JSON.stringify(json),
  ]);
  return temporaryFolder(Object.fromEntries(contents));
}

const pooling = { "1_Pooling/config.json": { word_embedding_dimension: 8, pooling_mode_mean_tokens: true } };
const pool = ["Pooling", "1_Pooling"] as const;
const read = (files: Files, modules = [pool]) => readSentenceLayout(folderWith(modules, { ...pooling, ...files }));

test("a plain checkpoint has no layout", () => {
  expect(readSentenceLayout(temporaryFolder({ "config.json": "{}" }))).toBeUndefined();
  expect(readSentenceLayout(temporaryFolder())).toBeUndefined();
});

describe("pooling", () => {
  const off = {
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: false,
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
  };
  test.each([
    ["one of four booleans", { ...off, pooling_mode_cls_token: true }, ["cls"]],
    [
      "several booleans, in the order of concatenation",
      { ...off, pooling_mode_mean_tokens: true, pooling_mode_cls_token: true },
      ["cls", "mean"],
    ],
    [
      "booleans of later releases",
      { ...off, pooling_mode_weightedmean_tokens: true, pooling_mode_lasttoken: true },
      ["weightedmean", "lasttoken"],
    ],
    ["no boolean true", off, ["mean"]],
    ["one mode", { pooling_mode: "lasttoken" }, ["lasttoken"]],
    ["a list of modes", { pooling_mode: ["mean", "max"] }, ["mean", "max"]],
    ["a mode, whatever the booleans", { ...off, pooling_mode_cls_token: true, pooling_mode: "mean" }, ["mean"]],
  ])("by %s", (_, json, modes) => {
    const layout = read({ "1_Pooling/config.json": { word_embedding_dimension: 8, ...json } });
    expect(layout?.modules).toEqual([{ kind: "pooling", modes, dimension: 8, includePrompt: true }]);
  });

  test("without the prompt's tokens", () => {
    const layout = read({
      "1_Pooling/config.json": { embedding_dimension: 8, pooling_mode: "mean", include_prompt: false },
    });
    expect(layout?.modules[0]).toMatchObject({ includePrompt: false });
  });

  test.each([
    [
      { embedding_dimension: 8, pooling_mode: "median" },
      '1_Pooling/config.json: pooling_mode is "median"; of each member: known: "cls"',
    ],
    [
      { embedding_dimension: 8, pooling_mode: ["mean", 3] },
      "1_Pooling/config.json: pooling_mode is a list of 2; of each member: known:",
    ],
    [{ pooling_mode: "mean" }, "1_Pooling/config.json: embedding_dimension is missing."],
  ])("refuses %j", (json, message) => expect(() => read({ "1_Pooling/config.json": json })).toThrow(message));
});

describe("modules after the pooling", () => {
  test("Dense with its activation, LayerNorm, Normalize; Dropout does nothing here", () => {
    const folder = folderWith([pool, ["Dense", "2_Dense"], ["Dropout", "3"], ["LayerNorm", "4"], ["Normalize", "5"]], {
      ...pooling,
      "2_Dense/config.json": {
        in_features: 8,
        out_features: 4,
        bias: false,
        activation_function: "torch.nn.modules.activation.ReLU",
        use_residual: true,
        some_future_key: 1,
      },
      "4/config.json": { dimension: 4 },
    });
    expect(readSentenceLayout(folder)?.modules.slice(1)).toEqual([
      {
        kind: "dense",
        inputSize: 8,
        outputSize: 4,
        hasBias: false,
        activation: "relu",
        hasResidual: true,
        folder: join(folder, "2_Dense"),
      },
      { kind: "layer-norm", dimension: 4, folder: join(folder, "4") },
      { kind: "normalize" },
    ]);
  });

  test("an activation that is not known changes the maths", () => {
    const json = { in_features: 8, out_features: 4, activation_function: "torch.nn.modules.activation.Mish" };
    expect(() => read({ "2_Dense/config.json": json }, [pool, ["Dense", "2_Dense"]] as never)).toThrow(
      '2_Dense/config.json: activation_function is "torch.nn.modules.activation.Mish"; known: "torch.nn.modules.linear.Identity"',
    );
  });

  test("modules over token vectors belong to multi-vector models", () => {
    const files = { "2/config.json": { module_input_name: "token_embeddings" } };
    expect(() => read(files, [pool, ["Normalize", "2"]] as never)).toThrow(
      'module_input_name is "token_embeddings"; only',
    );
  });

  test.each(["CNN", "LSTM", "WeightedLayerPooling", "Router", "SpladePooling"])("%s is refused by name", (type) => {
    expect(() => read({}, [pool, [type, "2"]] as never)).toThrow(
      `modules.json: module type "${type}" is not known; known:`,
    );
  });

  test("a class of the repository's own is refused, whatever its name", () => {
    const modules = [{ type: "custom_st.Transformer", path: "" }];
    const folder = temporaryFolder({ "modules.json": JSON.stringify(modules) });
    expect(() => readSentenceLayout(folder)).toThrow('module type "custom_st.Transformer" is not known');
  });

  test.each([
    ["no list", {}, "modules.json holds an object; expected a list of modules."],
    ["nothing", [], 'modules.json begins with "nothing"; expected "Transformer".'],
    ["no encoder first", [{ type: "sentence_transformers.models.Pooling", path: "1" }], 'begins with "Pooling"'],
    [
      "a module without path",
      [{ type: "sentence_transformers.models.Transformer" }],
      "every module needs a type and a path",
    ],
    ["a text for a module", ["Transformer"], "every module needs a type and a path"],
    [
      "no pooling",
      [{ type: "sentence_transformers.models.Transformer", path: "" }],
      "expected one Pooling, directly after",
    ],
  ])("%s in modules.json", (_, json, message) => {
    const folder = temporaryFolder({ "modules.json": JSON.stringify(json) });
    expect(() => readSentenceLayout(folder)).toThrow(message);
    expect(() => readSentenceLayout(folder)).toThrow(ConfigError);
  });

  test("two poolings, or a pooling late", () => {
    expect(() => read({}, [pool, pool])).toThrow("expected one Pooling");
    expect(() => read({}, [["Normalize", "2"], pool] as never)).toThrow("expected one Pooling");
  });

  test("paths must stay inside the folder (W15)", () => {
    for (const path of ["../x", "/etc", "a\\b", "https://x"]) {
      expect(() => read({}, [["Pooling", path]] as never)).toThrow("expected a plain name inside the folder");
    }
    const outside = temporaryFolder({ "config.json": JSON.stringify(pooling["1_Pooling/config.json"]) });
    const folder = folderWith([["Pooling", "link"]]);
    symlinkSync(outside, join(folder, "link"));
    expect(() => readSentenceLayout(folder)).toThrow('names "link", a link out of');
  });
});

describe("the most tokens", () => {
  const tokenizer = (model_max_length: number) => ({ "tokenizer_config.json": { model_max_length } });
  test.each<[string, Files, number | undefined]>([
    ["sentence_bert_config.json", { "sentence_bert_config.json": { max_seq_length: 256, do_lower_case: false } }, 256],
    [
      "it, whatever the tokenizer says",
      { "sentence_bert_config.json": { max_seq_length: 256 }, ...tokenizer(512) },
      256,
    ],
    ["the file of another family", { "sentence_roberta_config.json": { max_seq_length: 75 } }, 75],
    ["tokenizer_config.json", tokenizer(384), 384],
    [
      "it, when the other file gives none",
      { "sentence_bert_config.json": { max_seq_length: null }, ...tokenizer(384) },
      384,
    ],
    ["no one when the tokenizer says 1e30", tokenizer(1e30), undefined],
    ["no one", {}, undefined],
  ])("are told by %s", (_, files, maxLength) => expect(read(files)?.maxLength).toBe(maxLength));

  test.each([0, -1, "256", 1.5])("refuses max_seq_length %j", (value) => {
    expect(() => read({ "sentence_bert_config.json": { max_seq_length: value } })).toThrow(
      "sentence_bert_config.json: max_seq_length is",
    );
  });
});

test("texts may have to be lower-cased", () => {
  expect(read({ "sentence_bert_config.json": { do_lower_case: true } })?.lowercase).toBe(true);
});

describe("prompts and scores", () => {
  const general = (json: object) => read({ "config_sentence_transformers.json": json });
  test("prompts, a default among them, and the similarity", () => {
    const layout = general({
      prompts: { query: "q: ", document: null },
      default_prompt_name: "query",
      similarity_fn_name: "dot",
    });
    expect([...(layout?.prompts ?? [])]).toEqual([
      ["query", "q: "],
      ["document", ""],
    ]);
    expect(layout).toMatchObject({ defaultPrompt: "query", similarity: "dot" });
    expect(general({ prompts: null, similarity_fn_name: null })).toMatchObject({
      similarity: "cosine",
      defaultPrompt: undefined,
    });
  });

  test.each([
    [{ prompts: { a: "" }, default_prompt_name: "b" }, 'default_prompt_name is "b"; known: "a".'],
    [{ prompts: [] }, "prompts is a list of 0; expected an object."],
    [{ prompts: { a: 1 } }, 'prompt "a" is 1; expected a string.'],
    [
      { similarity_fn_name: "jaccard" },
      'similarity_fn_name is "jaccard"; known: "cosine", "dot", "euclidean", "manhattan".',
    ],
    [
      { model_type: "Encoder" },
      'model_type is "Encoder"; known: "SentenceTransformer", "CrossEncoder", "SparseEncoder".',
    ],
  ])("refuses %j", (json, message) =>
    expect(() => general(json)).toThrow(`config_sentence_transformers.json: ${message}`),
  );
});

describe("sparse embedders", () => {
  const splade = { "1_SpladePooling/config.json": { pooling_strategy: "max", activation_function: "relu" } };
  const sparse = { "config_sentence_transformers.json": { model_type: "SparseEncoder" } };
  const modules = [["SpladePooling", "1_SpladePooling"]] as const;

  test("by model_type, task or the encoder of earlier releases", () => {
    const sparsePooling = { strategy: "max", activation: "relu" };
    const expected = { kind: "sparse-embedder", modules: [], similarity: "dot", sparsePooling };
    expect(readSentenceLayout(folderWith(modules, { ...splade, ...sparse }))).toMatchObject(expected);
    const task = { "sentence_bert_config.json": { transformer_task: "fill-mask" } };
    expect(readSentenceLayout(folderWith(modules, { ...splade, ...task }))).toMatchObject(expected);
    const list = ["MLMTransformer", "SpladePooling"].map((name, idx) => ({
      idx,
      name: `${idx}`,
      path: idx === 0 ? "" : "1_SpladePooling",
      type: `sentence_transformers.sparse_encoder.models.${name}`,
    }));
    expect(readSentenceLayout(folderWith([], { ...splade, "modules.json": list }))).toMatchObject(expected);
  });

  test.each([
    [[pool], pooling, "after the encoder of a sparse embedder stands Pooling; expected SpladePooling"],
    [[], {}, "after the encoder of a sparse embedder stands nothing; expected SpladePooling"],
    [
      modules,
      { "1_SpladePooling/config.json": { pooling_strategy: "mean" } },
      '1_SpladePooling/config.json: pooling_strategy is "mean"; known: "max", "sum".',
    ],
  ])("refuses %j", (modules, files, message) => {
    expect(() => readSentenceLayout(folderWith(modules, { ...sparse, ...files }))).toThrow(message);
  });
});

describe("cross-encoders", () => {
  test("of release 6: a layout without modules after the encoder", () => {
    const layout = readSentenceLayout(
      folderWith([], {
        "config_sentence_transformers.json": {
          model_type: "CrossEncoder",
          activation_fn: "torch.nn.modules.linear.Identity",
        },
      }),
    );
    expect(layout).toMatchObject({ kind: "cross-encoder", modules: [], scoreActivation: "none" });
  });

  test.each([
    { sentence_transformers: { activation_fn: "torch.nn.modules.activation.Sigmoid", version: "4.0.1" } },
    { sbert_ce_default_activation_function: "torch.nn.modules.activation.Sigmoid" },
  ])("of earlier releases: config.json says %j", (json) => {
    const folder = temporaryFolder({
      "config.json": JSON.stringify(json),
      "tokenizer_config.json": JSON.stringify({ model_max_length: 512 }),
    });
    expect(readSentenceLayout(folder)).toMatchObject({
      kind: "cross-encoder",
      encoderFolder: folder,
      scoreActivation: "sigmoid",
      maxLength: 512,
    });
  });

  test("have nothing after their head", () => {
    const files = { ...pooling, "config_sentence_transformers.json": { model_type: "CrossEncoder" } };
    expect(() => readSentenceLayout(folderWith([pool], files))).toThrow('a cross-encoder has no "pooling" module');
  });

  test("an activation that is not known is an error", () => {
    const folder = temporaryFolder({
      "config.json": JSON.stringify({ sbert_ce_default_activation_function: "my.Own" }),
    });
    expect(() => readSentenceLayout(folder)).toThrow(
      'config.json: sbert_ce_default_activation_function is "my.Own"; known:',
    );
  });
});

test("the encoder may lie in a folder of its own", () => {
  const folder = folderWith([pool], pooling);
  rmSync(join(folder, "modules.json"));
  mkdirSync(join(folder, "0_Transformer"));
  const modules = [
    { type: "sentence_transformers.models.Transformer", path: "0_Transformer" },
    { type: "sentence_transformers.models.Pooling", path: "1_Pooling" },
  ];
  writeFileSync(join(folder, "modules.json"), JSON.stringify(modules));
  writeFileSync(join(folder, "0_Transformer", "sentence_bert_config.json"), '{"max_seq_length":128}');
  expect(readSentenceLayout(folder)).toMatchObject({ encoderFolder: join(folder, "0_Transformer"), maxLength: 128 });
});

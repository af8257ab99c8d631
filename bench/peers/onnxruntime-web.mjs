/**
 * onnxruntime-web's WebAssembly build in Node, on token ids alone: no tokenizing, no pooling.
 *
 *     node onnxruntime-web.mjs '{"model": ".../model.onnx", "tokenizer": ".../minilm", "threads": 1, "tokens": 128}'
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import * as ort from "onnxruntime-web/wasm";
import { answerRequests } from "../programs/answer-requests.mjs";

const { model, tokenizer: folder, threads, tokens } = JSON.parse(process.argv[2]);
const readJson = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const tokenizer = new Tokenizer(readJson("tokenizer.json"), readJson("tokenizer_config.json"));
ort.env.wasm.numThreads = threads;

let session;
let feeds;
await answerRequests({
  description: `onnxruntime-web ${ort.env.versions.web ?? ""}, WebAssembly`,
  first: async () => {
    session = await ort.InferenceSession.create(readFileSync(model), { graphOptimizationLevel: "all" });
  },
  embed: async (texts) => {
    feeds ??= await encode(texts);
    const { last_hidden_state } = await session.run(feeds);
    return meanVectors(last_hidden_state.data, texts.length, last_hidden_state.dims[2]);
  },
});

/** Texts of exactly as many tokens as asked for, so that neither side pads. */
async function encode(texts) {
  const ids = texts.flatMap((text) => {
    const { ids } = tokenizer.encode(text);
    if (ids.length !== tokens) throw new Error(`a text has ${ids.length} tokens, expected ${tokens}`);
    return ids;
  });
  const shape = [texts.length, tokens];
  const tensor = (values) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
  const fill = (value) => tensor(new Array(ids.length).fill(value));
  return { input_ids: tensor(ids), attention_mask: fill(1), token_type_ids: fill(0) };
}

/** The normalized mean over each text's tokens, as Cloze gives it, to compare with. */
function meanVectors(hidden, texts, size) {
  return Array.from({ length: texts }, (_, text) => {
    const mean = new Float32Array(size);
    const rows = hidden.subarray(text * tokens * size, (text + 1) * tokens * size);
    for (const [at, value] of rows.entries()) mean[at % size] += value;
    const norm = Math.hypot(...mean);
    return mean.map((value) => value / norm);
  });
}

/**
 * The peer's side: transformers.js on onnxruntime-node, as its documentation shows for embeddings.
 *
 *     node transformers.mjs '{"models": "...", "file": "model", "threads": 2, "dtype": "fp32"}'
 */
import { env, pipeline } from "@huggingface/transformers";
import { answerRequests } from "../programs/answer-requests.mjs";

const BATCH = 32;
const { models, file, threads, dtype } = JSON.parse(process.argv[2]);
env.allowRemoteModels = false;
env.localModelPath = models;

let extractor;
await answerRequests({
  description: `transformers.js ${env.version}, ${file}.onnx, ${dtype}`,
  first: async () => {
    extractor = await pipeline("feature-extraction", "minilm", {
      dtype,
      device: "cpu",
      model_file_name: file,
      session_options: { intraOpNumThreads: threads },
    });
    await embedInOrder(["first"]);
  },
  embed: (texts, order) => (order === "sorted" ? embedSorted(texts) : embedInOrder(texts)),
});

async function embedInOrder(texts) {
  const embeddings = [];
  for (let start = 0; start < texts.length; start += BATCH) {
    const batch = texts.slice(start, start + BATCH);
    const { data, dims } = await extractor(batch, { pooling: "mean", normalize: true });
    for (let row = 0; row < batch.length; row++) embeddings.push(data.slice(row * dims[1], (row + 1) * dims[1]));
  }
  return embeddings;
}

/** What a careful user writes around it: texts of like length in one batch, so that little is padding. */
async function embedSorted(texts) {
  const order = texts.map((_, index) => index).sort((a, b) => texts[a].length - texts[b].length);
  const sorted = await embedInOrder(order.map((index) => texts[index]));
  const embeddings = new Array(texts.length);
  for (const [place, index] of order.entries()) embeddings[index] = sorted[place];
  return embeddings;
}

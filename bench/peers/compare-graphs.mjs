/**
 * Times several ONNX files of the same model side by side on one thread and tells how far their outputs differ from the
 * first file's: `node compare-graphs.mjs models/minilm/onnx/model.onnx exported.onnx ...`
 */
import * as ort from "onnxruntime-node";

const REPEATS = 9;
const files = process.argv.slice(2);
const options = { intraOpNumThreads: 1, graphOptimizationLevel: "all" };
const sessions = await Promise.all(files.map((file) => ort.InferenceSession.create(file, options)));

const shapes = [
  [32, 18],
  [8, 128],
  [4, 256],
  [1, 8],
];
for (const [texts, tokens] of shapes) {
  const times = files.map(() => []);
  const outputs = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [index, session] of sessions.entries()) {
      const start = performance.now();
      const results = await session.run(feeds(texts, tokens));
      times[index].push(performance.now() - start);
      outputs[index] = results.last_hidden_state.data;
    }
  }
  for (const [index, file] of files.entries()) {
    const best = Math.min(...times[index]).toFixed(1);
    console.log(
      `${texts} x ${tokens}: ${best} ms, difference ${largestDifference(outputs[index], outputs[0])}  ${file}`,
    );
  }
}

function feeds(texts, tokens) {
  const count = texts * tokens;
  const tensor = (valueAt) => new ort.Tensor("int64", BigInt64Array.from({ length: count }, valueAt), [texts, tokens]);
  return {
    input_ids: tensor((_, at) => BigInt(1000 + ((at * 7919) % 20_000))),
    attention_mask: tensor(() => 1n),
    token_type_ids: tensor(() => 0n),
  };
}

function largestDifference(a, b) {
  return a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at])), 0).toExponential(1);
}

/** onnxruntime-node on token ids: `node onnxruntime-forward.mjs MODEL.onnx '{"threads": 2}'` */
import * as ort from "onnxruntime-node";
import { answerForward } from "../programs/answer-forward.mjs";

const [model, settings] = process.argv.slice(2);
const { threads } = JSON.parse(settings);
const session = await ort.InferenceSession.create(model, {
  graphOptimizationLevel: "all",
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});
answerForward(async (texts) => {
  const shape = [texts.length, texts[0].length];
  const count = shape[0] * shape[1];
  const tensor = (values) => new ort.Tensor("int64", values, shape);
  const { last_hidden_state } = await session.run({
    input_ids: tensor(BigInt64Array.from(texts.flat(), BigInt)),
    attention_mask: tensor(new BigInt64Array(count).fill(1n)),
    token_type_ids: tensor(new BigInt64Array(count)),
  });
  return last_hidden_state.data;
});

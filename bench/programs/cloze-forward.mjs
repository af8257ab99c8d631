/** Cloze's side: `node cloze-forward.mjs FOLDER '{"threads": 2, "dtype": "f32"}'` */
import { Checkpoint } from "cloze/checkpoints";
import { loadModel, pack } from "cloze/models";
import { createBackend } from "../../dist/backends/choose.js";
import { answerForward } from "./answer-forward.mjs";

const [folder, settings] = process.argv.slice(2);
const { threads, dtype } = JSON.parse(settings);
const backend = await createBackend(undefined, { threads });
const { model } = loadModel(Checkpoint.open(folder), { backend, dtype });
answerForward(async (texts) => {
  const { hidden } = await model.run(pack(texts.map((ids) => ({ ids }))), ["hidden"]);
  return hidden;
});

/** Cloze's side: `node cloze-forward.mjs FOLDER '{"threads": 2, "dtype": "f32"}'` */
import { Checkpoint } from "cloze/checkpoints";
import { loadModel, pack } from "cloze/models";
import { BRIEF_ROUNDS } from "../../dist/backends/brief-rounds.js";
import { createBackend } from "../../dist/backends/choose.js";
import { answerForward } from "./answer-forward.mjs";

const [folder, settings] = process.argv.slice(2);
const { threads, dtype } = JSON.parse(settings);
const backend = await createBackend(undefined, { threads });
const { model } = loadModel(Checkpoint.open(folder), { backend, dtype });
const limits = {
  peak: () => backend.measurePeak(BRIEF_ROUNDS[dtype], dtype),
  reading: () => backend.measureReading(),
};
const run = async (texts) => {
  const { hidden } = await model.run(pack(texts.map((ids) => ({ ids }))), ["hidden"]);
  return hidden;
};
answerForward(run, (limit) => limits[limit]());

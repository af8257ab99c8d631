/** Cloze's side: `node cloze-forward.mjs FOLDER '{"threads": 2, "dtype": "f32"}'` */
import { Checkpoint } from "cloze/checkpoints";
import { loadModel, pack } from "cloze/models";
import { createBackend } from "../../dist/backends/choose.js";
import { answerForward } from "./answer-forward.mjs";

/** Measurements of a third of a millisecond: over before the clock, which products lower, rises again. */
const BRIEF_ROUNDS = { f32: 10_000, bf16: 1500, int8: 1500 };

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

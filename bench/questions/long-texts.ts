import type { TensorSource } from "../../src/backends/backend.ts";
import { NativeBackend } from "../../src/backends/native/index.ts";
import { findArchitecture, freshWeights, Model, pack } from "../../src/models/index.ts";
import type { Figure } from "../figure.ts";
import { interleave, median } from "../interleave.ts";
import type { BenchSettings } from "../sides.ts";

const SHORT = 512;
const LONG = 8192;
/** ModernBERT-base, whose defaults these are, but for the table of words, which a pass hardly reads. */
const CONFIG = { model_type: "modernbert", vocab_size: 1024, pad_token_id: 0 };
/** Those of the arithmetic alone are 28.7: a third of the layers see everything. */
const AT_MOST = 32;

/** How much longer does a text of 8,192 tokens take than one of 512, on the shapes of ModernBERT-base in f32? */
export async function longTexts({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const backend = new NativeBackend({ threads });
  const model = freshModel(backend);
  const times = await interleave(Math.min(repeats, 3), {
    short: () => time(model, SHORT, 5),
    long: () => time(model, LONG, 1),
  });
  model.close();
  await backend.close();
  const [short, long] = [median(times.short), median(times.long)];
  const detail = `${short.toFixed(0)} and ${long.toFixed(0)} ms`;
  const name = `ModernBERT-base f32, ${LONG} tokens to ${SHORT}`;
  return [{ name, value: long / short, unit: "x", floor: AT_MOST, atMost: true, detail }];
}

function freshModel(backend: NativeBackend): Model {
  const names = new Set<string>();
  const architecture = findArchitecture(CONFIG, names).configure(CONFIG, names);
  const tensors: TensorSource = (name) => freshWeights(model.graph, 0)(name);
  const model: Model = new Model({ architecture, head: "base", backend, tensors });
  return model;
}

/** Milliseconds of a pass over one text, the median of some. */
async function time(model: Model, tokens: number, calls: number): Promise<number> {
  const batch = pack([{ ids: Array.from({ length: tokens }, (_, at) => 1 + ((at * 7919) % 1000)) }]);
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const start = performance.now();
    await model.run(batch, ["hidden"]);
    times.push(performance.now() - start);
  }
  return median(times);
}

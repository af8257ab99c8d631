/**
 * Writes a model in int8, and opens what was written.
 *
 *     npx tsx examples/10-quantize.ts
 */
import { rm } from "node:fs/promises";
import { Embedder, quantize } from "cloze";

const output = "build/quantized-example";
const calibration = ["What do bees make?", "Bees make honey.", "The train leaves at nine."].map((text) => ({ text }));
const report = await quantize(undefined, output, { dtype: "int8", calibration });
console.log(`${report.bytesBefore} -> ${report.bytesAfter} bytes, cosine ${report.cosineAfter?.toFixed(4)}`);

const embedder = await Embedder.load(output);
const [question, answer] = await embedder.embed(["What do bees make?", "Bees make honey."]);
console.log(embedder.similarity(question!, answer!).toFixed(3));
await embedder.dispose();
await rm(output, { recursive: true });

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Backend } from "../src/backends/backend.ts";
import { BACKEND_NAMES, createBackend } from "../src/backends/choose.ts";
import { Checkpoint } from "../src/checkpoints/repository.ts";
import { Safetensors } from "../src/checkpoints/safetensors.ts";
import { safetensorsChunks } from "../src/checkpoints/safetensors-write.ts";
import { configure, loadModel } from "../src/models/load-model.ts";
import { DEFAULT_TOLERANCE, verifyRecorded } from "../src/models/verify-recorded.ts";

// npx tsx scripts/verify-checkpoints.ts FOLDER [BACKEND ...]
// Verifies every checkpoint below a folder that has an expected.safetensors, on every backend that starts here or on
// those named, and that each is saved byte for byte as it was loaded.

/** What `cloze verify` would say of one checkpoint, in a sentence a fault. `shares` gets how much of the tolerance each output takes. */
async function verifyCheckpoint(folder: string, backend: Backend, shares: number[]): Promise<string[]> {
  const checkpoint = Checkpoint.open(folder);
  const { model } = loadModel(checkpoint, { backend });
  try {
    const { checks } = await verifyRecorded(model, Safetensors.open(join(folder, "expected.safetensors")));
    shares.push(...checks.map(({ difference, allowed }) => difference / allowed));
    return checks
      .filter(({ passed }) => !passed)
      .map(({ name, difference, allowed, problem }) => `${name}: ${problem ?? `${difference} > ${allowed}`}`);
  } finally {
    model.close();
  }
}

/** A checkpoint of one file that was loaded and saved is that file. */
function keepsBytes(folder: string): boolean {
  const checkpoint = Checkpoint.open(folder);
  const weights = checkpoint.weights(configure(checkpoint).names);
  const tensors = weights.inFileForm(weights.canonicalNames().map((name) => weights.tensor(name)));
  const metadata = checkpoint.weightFiles[0]?.metadata ?? new Map<string, string>();
  const written = Buffer.concat([...safetensorsChunks(tensors, { metadata })]);
  return written.equals(readFileSync(join(folder, "model.safetensors")));
}

async function faultsOf(folder: string, work: () => Promise<string[]> | string[]): Promise<string[]> {
  try {
    return await work();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    if (process.stdout.isTTY) process.stdout.write(`\r${folder.padEnd(60)}\r`);
  }
}

const [root = "", ...named] = process.argv.slice(2);
const folders = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter(({ name }) => name === "expected.safetensors")
  .map(({ parentPath }) => parentPath)
  .toSorted();
const names = named.length > 0 ? BACKEND_NAMES.filter((name) => named.includes(name)) : BACKEND_NAMES;
const tell = (folder: string, faults: readonly string[]) => {
  for (const fault of faults) console.log(`${relative(root, folder)}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  return faults.length === 0;
};

if (folders.length === 0 || names.length === 0) throw new Error("usage: verify-checkpoints.ts FOLDER [BACKEND ...]");
const kept: string[] = [];
for (const folder of folders) {
  const faults = await faultsOf(folder, () => (keepsBytes(folder) ? [] : ["saved otherwise than it was loaded"]));
  if (tell(folder, faults)) kept.push(folder);
}
console.log(`${kept.length} of ${folders.length} are saved as they were loaded`);
for (const name of names) {
  const backend = await createBackend(name, { threads: 2 });
  const shares: number[] = [];
  let passed = 0;
  for (const folder of folders) {
    const faults = await faultsOf(folder, () => verifyCheckpoint(folder, backend, shares));
    if (tell(`${folder}`, faults)) passed++;
  }
  const largest = (DEFAULT_TOLERANCE * Math.max(...shares)).toExponential(1);
  console.log(`${name}: ${passed} of ${folders.length} pass, ${shares.length} outputs, largest difference ${largest}`);
  await backend.close();
}

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type ByteSource, movePath, openFile, partialName, removePath, sha256, writeTextFile } from "#platform";
import { Safetensors } from "../../checkpoints/safetensors.ts";
import { writeSafetensors } from "../../checkpoints/safetensors-write.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";

/** All that a run needs to go on as if it had never stopped. */
export interface RunState {
  /** Steps done. */
  readonly step: number;
  /** Parameters and optimizer state. */
  readonly tensors: readonly StoredTensor[];
  /** Whatever else: position in the data, counters, the best metric so far. Plain JSON. */
  readonly position: unknown;
  /** Bytes of metrics.jsonl up to this step. */
  readonly metricBytes: number;
}

interface Manifest {
  readonly step: number;
  readonly position: unknown;
  readonly metricBytes: number;
  readonly tensors: { readonly bytes: number; readonly sha256: string };
}

const STEP_FOLDER = /^step-(\d+)$/;
const TENSORS = "state.safetensors";
const MANIFEST = "manifest.json";
const HASH_BYTES = 2 ** 22;

/**
 * The folder `checkpoints/` of a run. A checkpoint is written beside its place, synced and renamed, its manifest last; the
 * newest whole one wins. Until it stands under its name the one before is kept.
 */
export class RunCheckpoints {
  readonly #folder: string;
  readonly #keep: number;

  /** @param keep how many of the newest stay on disk */
  constructor(folder: string, keep: number) {
    this.#folder = folder;
    this.#keep = keep;
    mkdirSync(folder, { recursive: true });
    // What a crash left half-written.
    for (const name of readdirSync(folder)) if (name.endsWith(".partial")) removePath(join(folder, name));
  }

  /** Steps of the checkpoints, oldest first. */
  steps(): number[] {
    return checkpointSteps(readdirSync(this.#folder));
  }

  write({ step, tensors, position, metricBytes }: RunState): void {
    const target = this.#path(step);
    const partial = partialName(target);
    try {
      mkdirSync(partial);
      writeSafetensors(join(partial, TENSORS), tensors);
      const manifest: Manifest = { step, position, metricBytes, tensors: describe(join(partial, TENSORS)) };
      writeTextFile(join(partial, MANIFEST), JSON.stringify(manifest));
      // A run that resumed from an older checkpoint comes by this step again.
      removePath(target);
      movePath(partial, target);
    } catch (error) {
      removePath(partial);
      throw error;
    }
    for (const old of this.steps().slice(0, -this.#keep)) removePath(this.#path(old));
  }

  /** The newest checkpoint that is whole, or undefined when there is none; the names of those that are not. */
  readNewest(): { readonly state: RunState | undefined; readonly torn: readonly string[] } {
    const torn: string[] = [];
    for (const step of this.steps().reverse()) {
      const folder = this.#path(step);
      const manifest = readManifest(folder);
      if (manifest === undefined) torn.push(basename(folder));
      else {
        const { position, metricBytes } = manifest;
        return { state: { step, tensors: readTensors(folder), position, metricBytes }, torn };
      }
    }
    return { state: undefined, torn };
  }

  #path(step: number): string {
    return join(this.#folder, `step-${String(step).padStart(7, "0")}`);
  }
}

/** Steps of the checkpoints among the names of a folder, oldest first. */
export function checkpointSteps(names: readonly string[]): number[] {
  const steps = names.flatMap((name) => STEP_FOLDER.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

/** The manifest, if what it says of the tensors holds. */
function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, TENSORS);
  if (!existsSync(file) || !existsSync(join(folder, MANIFEST))) return undefined;
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
  if (statSync(file).size !== manifest.tensors?.bytes) return undefined;
  return describe(file).sha256 === manifest.tensors.sha256 ? manifest : undefined;
}

function readTensors(folder: string): StoredTensor[] {
  const file = Safetensors.open(join(folder, TENSORS));
  return file.list().map(({ name }) => file.tensor(name));
}

function describe(file: string): Manifest["tensors"] {
  const source = openFile(file);
  return { bytes: source.size, sha256: sha256(chunksOf(source)) };
}

function* chunksOf(source: ByteSource): Generator<Uint8Array> {
  for (let at = 0; at < source.size; at += HASH_BYTES) yield source.read(at, Math.min(HASH_BYTES, source.size - at));
}

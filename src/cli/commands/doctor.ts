import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { machineName } from "#platform";
import type { Backend, BackendName } from "../../backends/backend.ts";
import { BACKEND_NAMES, type BackendChoice, chooseBackend, createBackend } from "../../backends/choose.ts";
import { type OpCheck, SELF_CHECK_TOLERANCE, selfCheck } from "../../backends/self-check/self-check.ts";
import { moduleSizes } from "../../backends/wasm/index.ts";
import type { CommandDefinition } from "../command-definition.ts";
import type { CommonFlags } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { writeText } from "../terminal.ts";

/** One backend that could compute here, and what became of it. */
interface Candidate {
  readonly name: BackendName;
  readonly state: "taken" | "available" | "unavailable";
  readonly reason: string;
}

interface Diagnosis {
  readonly node: string;
  readonly machine: string;
  readonly processor: string;
  readonly cores: number;
  readonly memory: { readonly total: number; readonly free: number };
  readonly backend: Backend["info"];
  readonly chosenBy: BackendChoice["chosenBy"];
  readonly processorFeatures: string | undefined;
  /** f32 operations a second that all threads reach together in registers. */
  readonly peak: number | undefined;
  readonly candidates: readonly Candidate[];
  /** The WebAssembly modules of this package, in bytes: a browser fetches one of them. */
  readonly wasmModules: readonly { readonly file: string; readonly bytes: number }[];
  readonly operations: readonly OpCheck[];
  readonly passed: boolean;
}

interface DoctorFlags extends CommonFlags {
  readonly backend?: BackendName;
}

export const doctor: CommandDefinition<DoctorFlags> = {
  declare(command) {
    command.description(
      "Show what computes here and why, and check every operation against the plain reference. Exits with 1 when one " +
        "computes wrongly.",
    );
  },
  examples: ["cloze doctor", "cloze doctor --backend wasm --json", "CLOZE_BACKEND=reference cloze doctor"],
  async run({ flags, terminal }) {
    const choice = await chooseBackend(flags.backend, { threads: flags.threads });
    try {
      const diagnosis = await diagnose(choice, terminal.signal);
      const text = isForPeople(flags, terminal) ? toText(diagnosis) : JSON.stringify(diagnosis);
      await writeText(terminal.stdout, `${text}\n`);
      return diagnosis.passed ? 0 : 1;
    } finally {
      await choice.backend.close();
    }
  },
};

async function diagnose(choice: BackendChoice, signal: AbortSignal): Promise<Diagnosis> {
  const { backend, chosenBy } = choice;
  // The reference has nothing to be checked against but itself.
  const operations = backend.info.name === "reference" ? [] : await selfCheck(backend, { signal });
  return {
    node: process.version,
    machine: machineName(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: { total: Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY), free: freemem() },
    backend: backend.info,
    chosenBy,
    processorFeatures: "processorFeatures" in backend ? String(backend.processorFeatures) : undefined,
    peak: await backend.measurePeak?.(),
    candidates: await Promise.all(BACKEND_NAMES.map((name) => candidate(name, choice))),
    wasmModules: await moduleSizes(),
    operations,
    passed: operations.every(({ passed }) => passed),
  };
}

/** Why a backend was taken or not; those that were not tried are started to see whether they would serve. */
async function candidate(name: BackendName, { backend, chosenBy, passedOver }: BackendChoice): Promise<Candidate> {
  const taken = backend.info.name;
  const asked = {
    caller: "asked for by --backend",
    CLOZE_BACKEND: "asked for by CLOZE_BACKEND",
    default: "the fastest that starts",
  };
  if (name === taken) return { name, state: "taken", reason: asked[chosenBy] };
  const failure = passedOver.find((other) => other.name === name)?.reason ?? (await tryBackend(name));
  if (failure !== undefined) return { name, state: "unavailable", reason: failure };
  return { name, state: "available", reason: chosenBy === "default" ? `${taken} is faster` : `${taken} was asked for` };
}

async function tryBackend(name: BackendName): Promise<string | undefined> {
  try {
    await (await createBackend(name, { threads: 1 })).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function toText(diagnosis: Diagnosis): string {
  const { backend, candidates, operations, processorFeatures, peak, memory, wasmModules } = diagnosis;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const facts = [
    ["node", `${diagnosis.node}, ${diagnosis.machine}`],
    ["processor", `${diagnosis.processor}, ${diagnosis.cores} logical cores`],
    ...(processorFeatures === undefined ? [] : [["features", processorFeatures]]),
    ["memory", `${gibibytes(memory.total)}, ${gibibytes(memory.free)} free`],
    [
      "backend",
      `${backend.name}, ${backend.instructionSet}, ${backend.threads} thread${backend.threads === 1 ? "" : "s"}`,
    ],
    ...(peak === undefined ? [] : [["f32 peak", `${(peak / 1e9).toFixed(1)} GFLOP/s, measured in registers`]]),
    ["wasm", wasmModules.map(({ file, bytes }) => `${file} ${(bytes / 1000).toFixed(1)} kB`).join(", ")],
  ];
  const tried = candidates.map(({ name, state, reason }) => [name, state, reason]);
  return [table(facts), table(tried, { indent: 2 }), selfCheckText(operations)].join("\n\n");
}

function selfCheckText(operations: readonly OpCheck[]): string {
  if (operations.length === 0) return "self-check: none; this is the reference that the others are checked against";
  const failed = operations.filter(({ passed }) => !passed);
  if (failed.length > 0) {
    const rows = failed.map(({ op, worst, worstCase }) => [op, worst.toExponential(1), worstCase]);
    return `self-check: ${failed.length} of ${operations.length} operations compute WRONGLY\n${table(rows, { indent: 2 })}`;
  }
  const cases = operations.reduce((sum, check) => sum + check.cases, 0);
  const worst = Math.max(...operations.map((check) => check.worst)).toExponential(1);
  return `self-check: ${operations.length} operations right in ${cases} cases, at most ${worst} off (${SELF_CHECK_TOLERANCE} allowed)`;
}

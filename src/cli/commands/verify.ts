import { joinPath, pathKind } from "#platform";
import type { Dtype } from "../../backends/backend.ts";
import { createBackend } from "../../backends/choose.ts";
import { resolveWhere } from "../../checkpoints/default-model.ts";
import { Checkpoint } from "../../checkpoints/repository.ts";
import { Safetensors } from "../../checkpoints/safetensors.ts";
import { writeSafetensors } from "../../checkpoints/safetensors-write.ts";
import { memoryTensor, type StoredTensor } from "../../checkpoints/stored-types.ts";
import { InputError } from "../../errors.ts";
import { loadModel } from "../../models/load-model.ts";
import {
  DEFAULT_TOLERANCE,
  type OutputCheck,
  recordedForm,
  type Verification,
  verifyRecorded,
} from "../../models/verify-recorded.ts";
import { verifyGradients } from "../../training/verify-gradients.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDtypeFlag, addProfileFlags, type CommonFlags, positiveNumber } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { writeText } from "../terminal.ts";

interface VerifyFlags extends CommonFlags {
  readonly expected?: string;
  readonly save?: string;
  readonly tolerance: number;
  readonly dtype?: Dtype;
  readonly gradients?: true;
}

export const verify: CommandDefinition<VerifyFlags> = {
  declare(command) {
    command
      .description(
        "Run a checkpoint on the inputs that a reference recorded, and compare every output: largest difference and " +
          "cosine. Exits with 1 when one is out of tolerance: |difference| <= tolerance x max(1, the largest).",
      )
      .argument("<model>", "a model's folder, or its id on the hub")
      .option("--expected <file>", "recorded inputs and outputs (default: expected.safetensors in the folder)")
      .option("--tolerance <number>", "how far outputs may differ", positiveNumber, DEFAULT_TOLERANCE)
      .option("--gradients", "compare the gradients of the recorded loss, too")
      .option("--save <file>", "write our own outputs under the same names and in the same shapes, 0 where masked");
    addDtypeFlag(command);
    addProfileFlags(command);
  },
  examples: [
    "cloze verify models/bert-base-uncased",
    "cloze verify models/bert-base-uncased --backend wasm --json",
    "cloze verify models/bert-base-uncased --gradients",
    "cloze verify models/bert-base-uncased --expected other.safetensors --save ours.safetensors",
  ],
  async run({ positionals: [where = ""], flags, terminal, reporter }) {
    const pulling = { signal: terminal.signal, onProgress: reporter.progress };
    const { folder, layout } = await resolveWhere(where, pulling);
    const { expected = joinPath(folder, "expected.safetensors"), save, tolerance, threads } = flags;
    const checkpoint = Checkpoint.open(layout?.encoderFolder ?? folder);
    if (pathKind(expected) !== "file") {
      throw new InputError(`There are no recorded outputs at "${expected}". Name a file with --expected.`);
    }
    const recorded = Safetensors.open(expected);
    const given = flags.backend;
    const backend = typeof given === "object" ? given : await createBackend(given, { threads });
    try {
      const { model } = loadModel(checkpoint, { backend, dtype: flags.dtype });
      const common = { fileName: expected, signal: terminal.signal };
      const outputs = await verifyRecorded(model, recorded, { tolerance, ...common });
      const gradients = flags.gradients ? await verifyGradients(checkpoint, recorded, { backend, ...common }) : [];
      const result = withGradients(outputs, gradients);
      if (save !== undefined) {
        writeSafetensors(save, [...recordedForm(outputs, recorded), ...gradientForm(gradients, recorded)]);
      }
      const about = { model: checkpoint.name, head: model.head, backend: backend.info.name, tolerance };
      const text = isForPeople(flags, terminal) ? toText(result, about) : JSON.stringify(toJson(result, about));
      await writeText(terminal.stdout, `${text}\n`);
      return result.passed ? 0 : 1;
    } finally {
      await backend.close();
    }
  },
};

function withGradients(outputs: Verification, gradients: readonly OutputCheck[]): Verification {
  const compared = new Set(gradients.map(({ name }) => name));
  return {
    checks: [...outputs.checks, ...gradients],
    passed: outputs.passed && gradients.every(({ passed }) => passed),
    notCompared: outputs.notCompared.filter((name) => !compared.has(name)),
  };
}

/** Our gradients under the recorded names, and what the recorded loss is weighted by. */
function gradientForm(gradients: readonly OutputCheck[], recorded: Safetensors): StoredTensor[] {
  const weights = gradients.length > 0 && recorded.has("loss_weights") ? [recorded.tensor("loss_weights")] : [];
  return [...weights, ...gradients.map(({ name, shape, values }) => memoryTensor(name, shape, values as Float32Array))];
}

interface About {
  readonly model: string;
  readonly head: string;
  readonly backend: string;
  readonly tolerance: number;
}

function toJson({ checks, passed, notCompared }: Verification, about: About): object {
  const outputs = checks.map(({ values: _, ...check }) => check);
  return { ...about, passed, outputs, notCompared: countKinds(notCompared) };
}

function toText({ checks, passed, notCompared }: Verification, { model, head, backend, tolerance }: About): string {
  const rows = checks.map((check) => [check.name, `[${check.shape.join(", ")}]`, ...figures(check)]);
  const header = ["output", "shape", "largest difference", "allowed", "cosine", ""];
  const singular: { readonly [kind: string]: string } = { gradients: "gradient", losses: "loss", others: "other" };
  const skipped = Object.entries(countKinds(notCompared)).map(
    ([kind, count]) => `${count} ${count === 1 ? singular[kind] : kind}`,
  );
  const verdict = passed ? "within" : "NOT within";
  return [
    `${model}, head ${head}, on ${backend}`,
    table([header, ...rows], { right: [2, 3, 4], indent: 2 }),
    ...(skipped.length > 0 ? [`  not compared: ${skipped.join(", ")}`] : []),
    `${verdict} a tolerance of ${tolerance}`,
  ].join("\n");
}

function figures({ difference, allowed, cosine, passed, problem }: OutputCheck): string[] {
  if (problem !== undefined) return ["", "", "", `FAIL: ${problem}`];
  return [difference.toExponential(2), allowed.toExponential(2), cosine.toFixed(8), passed ? "ok" : "FAIL"];
}

/** "gradient.x", "gradient.y", "loss" -> { gradients: 2, losses: 1 } */
function countKinds(names: readonly string[]): { [kind: string]: number } {
  const counts: { [kind: string]: number } = {};
  for (const name of names) {
    const kind = name.startsWith("gradient.") ? "gradients" : /loss/.test(name) ? "losses" : "others";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

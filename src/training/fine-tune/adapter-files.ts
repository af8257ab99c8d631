import { ADAPTER_PREFIX } from "../../checkpoints/adapter.ts";
import { printJson } from "../../checkpoints/json-files.ts";
import type { StoredTensor } from "../../checkpoints/stored-types.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import { isAdapter, type LoraPlan, moduleOf } from "./lora.ts";
import type { Prepared } from "./starting-point.ts";

/** What PEFT calls tasks; it knows no others. */
const TASK_TYPES: { readonly [T in TrainingTask]?: string } = {
  classify: "SEQ_CLS",
  rank: "SEQ_CLS",
  tag: "TOKEN_CLS",
  answer: "QUESTION_ANS",
  embed: "FEATURE_EXTRACTION",
};

/** The trained tensors and the configuration of an adapter's folder, as PEFT names and writes them. */
export function adapterFiles(
  tensors: readonly StoredTensor[],
  { architecture, config }: Prepared,
  { rank, alpha, dropout, weights }: LoraPlan,
  { task, base }: { readonly task: TrainingTask; readonly base: string },
): { readonly tensors: readonly StoredTensor[]; readonly configText: string } {
  // Classes without a head have the encoder's names alone.
  const [className] = config.architectures as readonly string[];
  const prefix = className?.endsWith("Model") ? `${architecture.prefix}.` : "";
  const nameOf = (name: string) => (prefix !== "" && name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const whole = tensors.filter(({ name }) => !isAdapter(name)).map(({ name }) => nameOf(name));
  const json = {
    peft_type: "LORA",
    task_type: TASK_TYPES[task] ?? null,
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...weights].map((name) => nameOf(moduleOf(name))),
    modules_to_save: whole.length === 0 ? null : [...new Set(whole.map((name) => name.replace(/\.\w+$/, "")))],
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_dora: false,
    use_rslora: false,
  };
  return {
    tensors: tensors.map((tensor) => ({ ...tensor, name: ADAPTER_PREFIX + nameOf(tensor.name) })),
    configText: printJson(json),
  };
}

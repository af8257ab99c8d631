import type { Activation } from "../backends/op-table.ts";
import { type ConfigField, type Key, named } from "../checkpoints/config-fields.ts";

/** The names of `hidden_act` in configs and what each computes. Source: transformers, activations.py. */
const ACTIVATION_NAMES: { readonly [name: string]: Activation } = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_new",
  gelu_fast: "gelu_new",
  gelu_pytorch_tanh: "gelu_new",
  quick_gelu: "quick_gelu",
  relu: "relu",
  relu2: "relu_squared",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  linear: "none",
};

/** A config key that names a pointwise function. */
export function activationName(key: Key, fallback: Activation): ConfigField<Activation> {
  return named(key, ACTIVATION_NAMES, fallback);
}

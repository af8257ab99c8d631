import { expect, expectTypeOf, test } from "vitest";
import {
  choice,
  count,
  named,
  only,
  optional,
  positive,
  probability,
  REQUIRED,
  size,
  tokenId,
} from "./config-fields.ts";
import { below, type ConfigValues, commonConfig, defineConfig, divides } from "./config-reader.ts";

const table = defineConfig(
  {
    hiddenSize: size(["hidden_size", "dim"], 768),
    vocabularySize: size("vocab_size"),
    layers: count("num_hidden_layers", 12),
    heads: count("num_attention_heads", 12),
    activation: named("hidden_act", { gelu: "gelu", swish: "silu", relu: "relu" }, "gelu"),
    normEpsilon: positive("layer_norm_eps", 1e-12),
    dropout: probability("hidden_dropout_prob", 0.1),
    positions: only("position_embedding_type", "absolute"),
    rotaryBase: optional(positive(["rope_parameters.rope_theta", "rope_theta"])),
    padId: tokenId("pad_token_id"),
  },
  [divides("heads", "hiddenSize"), below("padId", "vocabularySize")],
);
const good = { vocab_size: 100 };

test("defaults stand where keys are absent or null; types follow the fields", () => {
  const config = table.read({ ...good, layer_norm_eps: null, hidden_act: "swish" });
  expect(config).toMatchObject({ hiddenSize: 768, layers: 12, activation: "silu", normEpsilon: 1e-12 });
  expect(config.padId).toBeUndefined();
  expectTypeOf(config.activation).toEqualTypeOf<"gelu" | "silu" | "relu">();
  expectTypeOf(config.rotaryBase).toEqualTypeOf<number | undefined>();
  expectTypeOf<ConfigValues<typeof table>["hiddenSize"]>().toEqualTypeOf<number>();
});

test("older names and nested keys are read", () => {
  expect(table.read({ ...good, dim: 24 })).toMatchObject({ hiddenSize: 24 });
  expect(table.read({ ...good, rope_theta: 5 }).rotaryBase).toBe(5);
  expect(table.read({ ...good, rope_parameters: { rope_theta: 7 } }).rotaryBase).toBe(7);
});

test.each([
  [{ hidden_act: "quick_gelu_typo" }, 'config.json: hidden_act is "quick_gelu_typo"; known: "gelu", "swish", "relu".'],
  [{ hidden_act: "constructor" }, 'config.json: hidden_act is "constructor"; known: "gelu", "swish", "relu".'],
  [{ hidden_size: 0 }, "config.json: hidden_size is 0; expected a whole number from 1 to 67108864."],
  [{ hidden_size: 24.5 }, "config.json: hidden_size is 24.5; expected a whole number from 1 to 67108864."],
  [{ num_hidden_layers: 1e9 }, "config.json: num_hidden_layers is 1000000000; expected a whole number from 1 to 2048."],
  [{ num_hidden_layers: "12" }, 'config.json: num_hidden_layers is "12"; expected a whole number from 1 to 2048.'],
  [{ num_attention_heads: 5 }, "config.json: num_attention_heads is 5, which must divide hidden_size (768)."],
  [{ pad_token_id: 100 }, "config.json: pad_token_id is 100, which must be below vocab_size (100)."],
  [{ pad_token_id: -1 }, "config.json: pad_token_id is -1; expected a whole number from 0 to 67108863."],
  [{ layer_norm_eps: -1 }, "config.json: layer_norm_eps is -1; expected a number above 0."],
  [{ hidden_dropout_prob: 1 }, "config.json: hidden_dropout_prob is 1; expected a number from 0 to below 1."],
  [
    { position_embedding_type: "relative_key" },
    'config.json: position_embedding_type is "relative_key"; only "absolute" is supported.',
  ],
  [{ hidden_size: 24, dim: 48 }, "config.json: hidden_size is 24 but dim is 48. Keep one."],
  [{ hidden_size: {} }, "config.json: hidden_size is an object; expected a whole number from 1 to 67108864."],
])("refuses %j", (json, message) => {
  expect(() => table.read({ ...good, ...json })).toThrow(message);
});

test("a required key that is missing is named", () => {
  expect(() => table.read({})).toThrow("config.json: vocab_size is missing.");
  expect(() => defineConfig({ a: choice("a", ["x"], REQUIRED) }).read({})).toThrow("config.json: a is missing.");
});

test("keys that nothing reads are listed, except those known to have no effect", () => {
  const json = { ...good, use_cache: true, frobnicate: 3, rope_parameters: { rope_theta: 7 } };
  expect(table.unusedKeys(json)).toEqual(["frobnicate"]);
});

test("what every encoder may say: both spellings, labels in the order of their numbers", () => {
  const json = { torch_dtype: "float16", id2label: { "1": "B", "0": "A" }, architectures: ["BertModel"] };
  const common = commonConfig.read({ ...json, problem_type: "regression" });
  expect(common).toMatchObject({ savedType: "float16", labels: ["A", "B"], problemType: "regression" });
  expect(commonConfig.read({ dtype: "bfloat16" }).savedType).toBe("bfloat16");
  expect(commonConfig.read({ dtype: "float32", torch_dtype: "bfloat16" }).savedType).toBe("float32");
  expect(() => commonConfig.read({ id2label: { "0": "A", "2": "B" } })).toThrow("config.json: id2label is an object;");
  expect(() => commonConfig.read({ problem_type: "ranking" })).toThrow(
    'problem_type is "ranking"; known: "regression"',
  );
  expect(() => commonConfig.read({ is_decoder: true })).toThrow("is_decoder is true; only false is supported");
});

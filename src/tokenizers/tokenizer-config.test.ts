import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { Tokenizer } from "./tokenizer.ts";

function load(config: object): Promise<Tokenizer> {
  const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"].join("\n");
  return Tokenizer.load(temporaryFolder({ "vocab.txt": vocabulary, "tokenizer_config.json": JSON.stringify(config) }));
}

describe("type ids of pairs", () => {
  test.each([
    [{}, "00011"],
    [{ tokenizer_class: "BertTokenizer" }, "00011"],
    [{ model_input_names: ["input_ids", "token_type_ids", "attention_mask"] }, "00011"],
    [{ model_input_names: ["input_ids", "attention_mask"] }, "00000"],
    [{ tokenizer_class: "TokenizersBackend" }, "00000"],
    [{ tokenizer_class: "TokenizersBackend", model_input_names: ["input_ids", "token_type_ids"] }, "00011"],
  ])("%j", async (config, expected) => {
    const { typeIds } = (await load(config)).encode("a", { pair: "b" });
    expect(typeIds.join("")).toBe(expected);
  });
});

describe("the end that is cut off", () => {
  test.each([
    [{}, "right", ["a", "b"]],
    [{ truncation_side: "left" }, "left", ["b", "c"]],
  ])("%j", async (config, side, kept) => {
    const tokenizer = await load(config);
    expect(tokenizer.truncationSide).toBe(side);
    expect(tokenizer.encode("a b c", { maxLength: 4 }).tokens.slice(1, 3)).toEqual(kept);
    expect(tokenizer.encode("a b c", { maxLength: 4, side: "right" }).tokens.slice(1, 3)).toEqual(["a", "b"]);
  });

  test("is left or right", async () => {
    await expect(load({ truncation_side: "middle" })).rejects.toThrow(
      'truncation_side is "middle"; known: "left", "right".',
    );
  });
});

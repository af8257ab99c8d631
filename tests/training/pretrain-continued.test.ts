/** Going on from a checkpoint with another tokenizer, and with a longer context. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { tensorValues } from "../../src/checkpoints/stored-types.ts";
import { Embedder } from "../../src/index.ts";
import { MaskFiller } from "../../src/tasks/mask-filler.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import type { PretrainOptions } from "../../src/training/pretraining/pretrain-options.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TEXT = "the bees make honey and the rain falls on the plain\nwe all like honey and the bees like it too\n";
const WORDS = "the bees make honey and rain falls on plain we all like it too".split(" ");
const FIRST = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS, "##s"];
/** Padding is third, a word is gone, one is new, the others stand elsewhere. */
const SECOND = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "##s", ...WORDS.slice(1).reverse(), "rains", "zzz"];

function tokenizer(tokens: readonly string[]): string {
  const config = JSON.stringify({ tokenizer_class: "BertTokenizer", model_max_length: 16 });
  return temporaryFolder({ "vocab.txt": tokens.join("\n"), "tokenizer_config.json": config });
}

/** Next to no learning rate: what is saved is what training began with. */
async function train(given: Partial<PretrainOptions>) {
  const folder = temporaryFolder({ "corpus.txt": TEXT.repeat(8) });
  const notes: string[] = [];
  const corpus = [join(folder, "corpus.txt")];
  const small = { length: 16, batchSize: 2, steps: 1, learningRate: 1e-12, weightDecay: 0, packing: "joined" as const };
  const output = join(folder, "run");
  const onNote = (note: string) => notes.push(note);
  await pretrain({ ...small, corpus, output, backend: "reference", onNote, ...given });
  return { folder: join(output, "model"), output, notes };
}

async function begin(architecture: string, given: Partial<PretrainOptions> = {}) {
  const config = { max_position_embeddings: architecture === "roberta" ? 17 : 16, ...(given.config as object) };
  const shape = { architecture, layers: 1, hiddenSize: 8, heads: 2, tokenizer: tokenizer(FIRST) };
  const { folder } = await train({ ...shape, packing: "documents", ...given, config });
  return folder;
}

function read(folder: string, name: string): Float32Array[] {
  const tensor = Checkpoint.open(folder).tensor(name);
  const [rows, size = 1] = tensor.shape as [number, number?];
  const values = tensorValues(tensor);
  return Array.from({ length: rows }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

function expectRow(row: Float32Array | undefined, expected: ArrayLike<number>) {
  expect(row).toHaveLength(expected.length);
  for (const [i, value] of row!.entries()) expect(value).toBeCloseTo(expected[i]!, 6);
}

const configOf = (folder: string) => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));

test.each([
  ["bert", "bert.embeddings.word_embeddings.weight", "cls.predictions.bias"],
  ["electra", "electra.embeddings.word_embeddings.weight", "generator_lm_head.bias"],
])("another tokenizer: the words of %s keep their rows", async (architecture, table, bias) => {
  const first = await begin(architecture, { learningRate: 1e-2 });
  const { folder, notes } = await train({ model: first, tokenizer: tokenizer(SECOND) });
  expect(notes).toContain(
    "The tokenizer has other words than the model's: of 21 rows 19 are copied, 1 begin as the mean of their old pieces, 1 are fresh.",
  );
  expect(configOf(folder)).toMatchObject({ vocab_size: 21, pad_token_id: 2 });
  for (const name of [table, bias]) {
    const [old, now] = [read(first, name), read(folder, name)];
    expect(now).toHaveLength(21);
    const rowOf = (token: string) => now[SECOND.indexOf(token)];
    for (const token of ["[PAD]", "[MASK]", "##s", "honey"]) expectRow(rowOf(token), old[FIRST.indexOf(token)]!);
    const [rain, s] = [old[FIRST.indexOf("rain")]!, old[FIRST.indexOf("##s")]!];
    expectRow(
      rowOf("rains"),
      Array.from(rain, (value, i) => (value + s[i]!) / 2),
    );
  }
  expect(readFileSync(join(folder, "vocab.txt"), "utf8")).toBe(SECOND.join("\n"));
  const filler = await MaskFiller.load(folder, { backend: "reference" });
  expect((await filler.fill("we [MASK] honey", { top: 2 }))[0]).toHaveLength(2);
  await filler.dispose();
});

test("the same words in another folder change nothing", async () => {
  const first = await begin("bert");
  const { folder, notes } = await train({ model: first, tokenizer: tokenizer(FIRST), learningRate: 1e-30 });
  expect(notes).toEqual([]);
  expect(readFileSync(join(folder, "model.safetensors")).equals(readFileSync(join(first, "model.safetensors")))).toBe(
    true,
  );
});

test("another tokenizer for RoBERTa, whose positions count from the padding id, and a longer context", async () => {
  const first = await begin("roberta");
  const { folder } = await train({ model: first, tokenizer: tokenizer(SECOND), length: 40 });
  expect(configOf(folder)).toMatchObject({ pad_token_id: 2, max_position_embeddings: 43 });
  const name = "roberta.embeddings.position_embeddings.weight";
  const [old, now] = [read(first, name), read(folder, name)];
  expect([old.length, now.length]).toEqual([17, 43]);
  for (const position of [0, 1, 15, 16, 39]) expectRow(now[3 + position], old[1 + (position % 16)]!);
});

test.each(["bert", "modernbert", "deberta-v2", "roformer"])("a longer context for %s", async (architecture) => {
  const first = await begin(architecture, { config: { relative_attention: true, position_buckets: 4 } });
  writeFileSync(join(first, "sentence_bert_config.json"), JSON.stringify({ max_seq_length: 12 }));
  const before = await Embedder.load(first, { backend: "reference" });
  const short = await before.embed("the bees make honey");
  await before.dispose();
  const { folder, notes } = await train({ model: first, length: 40 });
  expect(notes).toContain("The model read 16 tokens; now it reads 40.");
  expect(configOf(folder)).toMatchObject({ max_position_embeddings: 40 });
  if (architecture === "bert") {
    const rows = read(folder, "bert.embeddings.position_embeddings.weight");
    expectRow(rows[37], read(first, "bert.embeddings.position_embeddings.weight")[5]!);
  }
  const after = await Embedder.load(folder, { backend: "reference" });
  const long = WORDS.concat(WORDS, WORDS).slice(0, 38).join(" ");
  expect(await after.embed(long, { truncation: "error" })).toHaveLength(8);
  expectRow((await after.embed("the bees make honey")) as Float32Array, short as Float32Array);
  await after.dispose();
});

test("a length that holds no text is refused", async () => {
  const first = await begin("bert");
  await expect(train({ model: first, length: 3 })).rejects.toThrow("length is 3; expected a whole number 4 or more.");
});

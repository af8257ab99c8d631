import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { describeSentencePiece } from "./describe-sentence-piece.ts";
import type { PieceType, SentencePieceModel } from "./sentence-piece.ts";
import { readTokenizerConfig } from "./tokenizer-config.ts";

function modelOf(pieces: string[], settings: Partial<SentencePieceModel> = {}): SentencePieceModel {
  const typeOf = (text: string): PieceType => (/^[<[]/.test(text) ? "control" : "normal");
  return {
    file: "spiece.model",
    algorithm: "unigram",
    pieces: pieces.map((text, id) => ({ text, score: -id, type: text === "<unk>" ? "unknown" : typeOf(text) })),
    byteFallback: false,
    unknownId: Math.max(0, pieces.indexOf("<unk>")),
    beginId: 1,
    endId: 2,
    padId: -1,
    unknownPiece: "<unk>",
    precompiledCharsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
    ...settings,
  };
}

const configOf = (config: object) =>
  readTokenizerConfig({
    name: "memory",
    read: (file) => (file === "tokenizer_config.json" ? new TextEncoder().encode(JSON.stringify(config)) : undefined),
  });

async function describeModel(model: SentencePieceModel, config: object = {}) {
  const read = await configOf(config);
  return describeSentencePiece(model, read.className, read);
}

const XLM_PIECES = ["<unk>", "<s>", "</s>", ",", "▁a"];

describe("ids", () => {
  it("of XLM-R begin with fairseq's control tokens and end with the mask", async () => {
    const { model, added_tokens } = await describeModel(modelOf(XLM_PIECES, { file: "sentencepiece.bpe.model" }));
    expect(model.unk_id).toBe(3);
    expect(model.vocab).toEqual([["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], [",", -3], ["▁a", -4], ["<mask>", 0]]); // biome-ignore format: pairs
    expect(added_tokens.find(({ content }) => content === "<mask>")).toMatchObject({ id: 6, special: true });
  });

  it("of CamemBERT leave places unused", async () => {
    const { model } = await describeModel(modelOf(XLM_PIECES), { tokenizer_class: "CamembertTokenizerFast" });
    expect((model.vocab as [string, number][]).map(([text]) => text)).toEqual([
      "<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>", ",", "▁a", "<mask>",
    ]); // biome-ignore format: a list
  });

  it("of special tokens that the file lacks come after its pieces", async () => {
    const { added_tokens } = await describeModel(modelOf(XLM_PIECES), { tokenizer_class: "BigBirdTokenizer" });
    const ids = added_tokens.map(({ content, id }) => [content, id]);
    expect(ids).toEqual([["<s>", 1], ["</s>", 2], ["<unk>", 0], ["[SEP]", 5], ["<pad>", 6], ["[CLS]", 7], ["[MASK]", 8]]); // biome-ignore format: pairs
  });

  it("of T5 end with as many extra ids as the configuration says", async () => {
    const model = modelOf(["<pad>", "</s>", "<unk>", "▁a"]);
    const { added_tokens } = await describeModel(model, { tokenizer_class: "T5Tokenizer", extra_ids: 2 });
    expect(added_tokens.slice(-2)).toMatchObject([{ content: "<extra_id_1>", id: 4 }, { content: "<extra_id_0>", id: 5 }]); // biome-ignore format: pairs
    await expect(describeModel(model, { tokenizer_class: "T5Tokenizer", extra_ids: 1e9 })).rejects.toThrow(
      "tokenizer_config.json: extra_ids is 1000000000; expected at most 10000.",
    );
  });
});

describe("families", () => {
  it("are known by the names of their files and the places of their tokens", async () => {
    const albert = await describeModel(modelOf(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "▁a"]));
    expect(albert.normalizer).toMatchObject({ normalizers: [{ type: "Replace" }, { type: "Replace" }, { type: "NFKD" }, {}, { type: "Lowercase" }] }); // biome-ignore format: a list
    const deberta = await describeModel(modelOf(["[PAD]", "[CLS]", "[SEP]", "<unk>", "▁a"], { file: "spm.model" }));
    expect(deberta.normalizer).toMatchObject({
      normalizers: [{ type: "Replace" }, { type: "NFC" }, { type: "Strip" }],
    });
  });

  it("obey the settings of the configuration", async () => {
    const pieces = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"];
    const config = { tokenizer_class: "AlbertTokenizer", do_lower_case: false, keep_accents: true };
    expect((await describeModel(modelOf(pieces), config)).normalizer?.normalizers).toHaveLength(2);
    await expect(describeModel(modelOf(pieces), { ...config, do_lower_case: "yes" })).rejects.toThrow(
      'tokenizer_config.json: do_lower_case is "yes"; expected true or false.',
    );
  });

  it("of BPE turn pieces into merges: by the id of the result, then the shorter left part", async () => {
    const pieces = ["<unk>", "a", "b", "c", "ab", "bc", "abc"];
    const { model } = await describeModel(modelOf(pieces, { file: "tokenizer.model", algorithm: "bpe" }));
    expect(model.merges).toEqual([["a", "b"], ["b", "c"], ["a", "bc"], ["ab", "c"]]); // biome-ignore format: pairs
  });

  it("that nothing names, or nobody knows, are refused", async () => {
    await expect(describeModel(modelOf(["a"]))).rejects.toThrow(
      /^spiece\.model alone is no tokenizer: .* known: Albert/,
    );
    await expect(describeModel(modelOf(["a"]), { tokenizer_class: "FooTokenizer" })).rejects.toThrow('"FooTokenizer"');
  });

  it("refuse a model of the other kind", async () => {
    const config = { tokenizer_class: "LlamaTokenizer" };
    await expect(describeModel(modelOf(XLM_PIECES), config)).rejects.toThrow(TokenizerError);
    await expect(describeModel(modelOf(XLM_PIECES), config)).rejects.toThrow("LlamaTokenizer expects bpe");
  });
});

import { describe, expect, test } from "vitest";
import { weightBytes } from "../../tests/support/model-folder.ts";
import { CheckpointWeights, type NameScheme } from "./checkpoint-weights.ts";
import { interleavedHeads } from "./name-mapping.ts";
import { Safetensors } from "./safetensors.ts";
import { memoryTensor, tensorValues } from "./stored-types.ts";

const scheme: NameScheme = {
  prefix: "bert.",
  heads: ["cls.**", "classifier.**", "bert.pooler.**"],
  tied: { "cls.decoder.weight": "bert.words.weight" },
};

type Shapes = { readonly [name: string]: readonly number[] };

function open(shapes: Shapes, own: NameScheme = scheme): CheckpointWeights {
  return new CheckpointWeights(Object.assign(Safetensors.parse(weightBytes(shapes), "m"), { name: "m" }), own);
}

const expected = (shapes: Shapes) => Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
const names = (tensors: readonly { name: string }[]) => tensors.map(({ name }) => name);

describe("canonical names", () => {
  test.each<[string, Shapes]>([
    ["as they are", { "bert.words.weight": [3, 2], "bert.LayerNorm.weight": [2], "classifier.bias": [2] }],
    ["without prefix", { "words.weight": [3, 2], "LayerNorm.weight": [2], "classifier.bias": [2] }],
    ["with gamma", { "bert.words.weight": [3, 2], "bert.LayerNorm.gamma": [2], "classifier.bias": [2] }],
    ["without prefix, with gamma", { "words.weight": [3, 2], "LayerNorm.gamma": [2], "classifier.bias": [2] }],
    [
      "wrapped by training",
      { "module.bert.words.weight": [3, 2], "module.bert.LayerNorm.weight": [2], "module.classifier.bias": [2] },
    ],
    [
      "wrapped twice",
      {
        "0.auto_model.words.weight": [3, 2],
        "0.auto_model.LayerNorm.weight": [2],
        "0.auto_model.classifier.bias": [2],
      },
    ],
  ])("%s", (_, shapes) => {
    const weights = open(shapes);
    const asked = { "bert.words.weight": [3, 2], "bert.LayerNorm.weight": [2], "classifier.bias": [2] };
    expect(weights.check(expected(asked)).used).toHaveLength(3);
    const norm = weights.tensor("bert.LayerNorm.weight");
    expect(norm.name).toBe("bert.LayerNorm.weight");
    expect(tensorValues(norm)).toHaveLength(2);
    expect(weights.has("bert.other")).toBe(false);
    expect(names(weights.inFileForm([]))).toEqual(Object.keys(shapes).sort());
  });

  test("an architecture's own prefix is no wrapper", () => {
    const weights = open({ "model.words.weight": [1] }, { prefix: "model.", heads: [] });
    expect(weights.has("model.words.weight")).toBe(true);
  });

  test("two tensors of one canonical name are refused", () => {
    const both = () => open({ "bert.LayerNorm.weight": [2], "bert.LayerNorm.gamma": [2] });
    expect(both).toThrow(
      'Checkpoint "m": "bert.LayerNorm.gamma" and "bert.LayerNorm.weight" are both "bert.LayerNorm.weight"',
    );
  });

  test("a tied tensor is found under either name", () => {
    expect(open({ "bert.words.weight": [3, 2] }).tensor("cls.decoder.weight").shape).toEqual([3, 2]);
    expect(open({ "bert.x": [1], "cls.decoder.weight": [3, 2] }).tensor("bert.words.weight").name).toBe(
      "bert.words.weight",
    );
    expect(() => open({ "bert.x": [1] }).tensor("bert.words.weight")).toThrow(
      'Checkpoint "m": 1 weight missing: "bert.words.weight".',
    );
  });
});

describe("a copy that leads", () => {
  // An untied decoder adds its own bias; the one beside it was never read.
  const own: NameScheme = {
    prefix: "bert.",
    heads: ["cls.**"],
    tied: { "cls.decoder.bias": "cls.bias" },
    leadingCopies: ["cls.decoder.bias"],
  };
  const both = { "bert.a": [1], "cls.bias": [2], "cls.decoder.bias": [2] };

  test("is read, the other kept", () => {
    const weights = open(both, own);
    expect(tensorValues(weights.tensor("cls.bias"))[0]).toBe(2);
    expect(weights.check(expected({ "bert.a": [1], "cls.bias": [2] }))).toMatchObject({
      used: ["bert.a", "cls.decoder.bias"],
      redundant: ["cls.bias"],
    });
    const saved = weights.inFileForm(weights.canonicalNames().map((name) => weights.tensor(name)));
    expect(saved.map((tensor) => tensorValues(tensor)[0])).toEqual([0, 1, 2]);
  });

  test("alone or missing, there is one to read", () => {
    expect(tensorValues(open({ "bert.a": [1], "cls.bias": [2] }, own).tensor("cls.bias"))[0]).toBe(1);
    expect(tensorValues(open({ "bert.a": [1], "cls.decoder.bias": [2] }, own).tensor("cls.bias"))[0]).toBe(1);
  });

  test("is saved with the numbers of the other", () => {
    const saved = open(both, own).inFileForm([memoryTensor("cls.bias", [2], new Float32Array([5, 6]))]);
    expect(saved.map((tensor) => tensorValues(tensor)[0])).toEqual([0, 5, 5]);
  });
});

describe("the audit (W13)", () => {
  test("tells used, of other heads, redundant and unknown tensors apart", () => {
    const shapes = {
      "bert.words.weight": [3, 2],
      "bert.embeddings.position_ids": [1, 4],
      "bert.pooler.dense.bias": [2],
      "classifier.weight": [2, 2],
      "cls.decoder.weight": [3, 2],
      "bert.adapter.weight": [2],
    };
    expect(open(shapes).audit([{ name: "bert.words.weight", shape: [3, 2] }])).toEqual({
      used: ["bert.words.weight"],
      otherHeads: ["bert.pooler.dense.bias", "classifier.weight"],
      redundant: ["bert.embeddings.position_ids", "cls.decoder.weight"],
      unknown: ["bert.adapter.weight"],
      missing: [],
      misshapen: [],
    });
  });

  test("refuses all that does not fit in one error", () => {
    const weights = open({ "bert.a": [2], "bert.extra": [1] });
    expect(() => weights.check(expected({ "bert.a": [3], "bert.b": [4, 5] }))).toThrow(
      'Checkpoint "m": 1 weight missing: "bert.b" [4,5]; 1 weight of another shape: "bert.a" is [2], expected [3]; 1 weight unknown: "bert.extra".',
    );
  });

  test("lists the first ten of each kind", () => {
    const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`bert.w${i}`, [1]]));
    expect(() => open({ "bert.x": [1] }).check(expected({ ...many, "bert.x": [1] }))).toThrow(
      /13 weights missing: "bert\.w0" \[1\], .*"bert\.w9" \[1\] and 3 more\.$/,
    );
  });

  test("heads may be missing when they are to be trained; the encoder may not", () => {
    const weights = open({ "bert.a": [1] });
    const wanted = expected({ "bert.a": [1], "classifier.weight": [2, 2] });
    expect(weights.check(wanted, { freshHeads: true }).missing).toEqual([{ name: "classifier.weight", shape: [2, 2] }]);
    expect(() => weights.check(wanted)).toThrow('1 weight missing: "classifier.weight" [2,2]');
    expect(() => weights.check(expected({ "bert.a": [1], "bert.b": [1] }), { freshHeads: true })).toThrow('"bert.b"');
  });
});

describe("saving in the file's own form", () => {
  const changed = (name: string, shape: number[]) =>
    memoryTensor(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(-1));

  test("new numbers take the old names; everything else stays", () => {
    const weights = open({ "LayerNorm.gamma": [2], "embeddings.position_ids": [1, 4], "words.weight": [3, 2] });
    const saved = weights.inFileForm([changed("bert.LayerNorm.weight", [2])]);
    expect(names(saved)).toEqual(["LayerNorm.gamma", "embeddings.position_ids", "words.weight"]);
    expect(saved.map((tensor) => tensorValues(tensor)[1])).toEqual([-1, 1 + 1 / 16, 2 + 1 / 16]);
  });

  test("a copy of a tied tensor follows its original", () => {
    const weights = open({ "bert.words.weight": [3, 2], "cls.decoder.weight": [3, 2] });
    const saved = weights.inFileForm([changed("bert.words.weight", [3, 2])]);
    expect(names(saved)).toEqual(["bert.words.weight", "cls.decoder.weight"]);
    for (const tensor of saved) expect(tensorValues(tensor)[0]).toBe(-1);
  });

  test("a new head is added; a file without prefix then gets it", () => {
    const head = [changed("classifier.weight", [2, 2])];
    expect(names(open({ "bert.a": [1] }).inFileForm(head))).toEqual(["bert.a", "classifier.weight"]);
    expect(names(open({ a: [1] }).inFileForm(head))).toEqual(["bert.a", "classifier.weight"]);
    expect(names(open({ a: [1] }).inFileForm([changed("bert.b", [1])]))).toEqual(["a", "b"]);
  });

  test("a head that changed its number of classes is replaced", () => {
    const saved = open({ "bert.a": [1], "classifier.weight": [2, 2] }).inFileForm([
      changed("classifier.weight", [5, 2]),
    ]);
    expect(saved.map(({ shape }) => shape)).toEqual([[1], [5, 2]]);
  });
});

describe("fused tensors", () => {
  const own = (heads: number): NameScheme => ({
    prefix: "m.",
    heads: [],
    generations: [
      {
        name: "fused",
        rules: [
          {
            file: "layers.*.Wqkv.weight",
            canonical: ["m.layer.*.q.weight", "m.layer.*.k.weight", "m.layer.*.v.weight"],
            ...(heads > 1 && { rowOrder: interleavedHeads(heads, 3) }),
          },
        ],
      },
    ],
  });
  /** Rows 0 to 11 hold 0 to 11 sixteenths. */
  const shapes = { "layers.0.Wqkv.weight": [12, 1] };
  const rowsOf = (weights: CheckpointWeights, part: string) =>
    [...tensorValues(weights.tensor(`m.layer.0.${part}.weight`))].map((value) => value * 16);

  test("are split by rows", () => {
    const weights = open(shapes, own(1));
    expect(weights.tensor("m.layer.0.k.weight").shape).toEqual([4, 1]);
    expect(rowsOf(weights, "q")).toEqual([0, 1, 2, 3]);
    expect(rowsOf(weights, "v")).toEqual([8, 9, 10, 11]);
  });

  test("are split head by head where the heads are interleaved", () => {
    const weights = open(shapes, own(2));
    expect(rowsOf(weights, "q")).toEqual([0, 1, 6, 7]);
    expect(rowsOf(weights, "k")).toEqual([2, 3, 8, 9]);
    expect(rowsOf(weights, "v")).toEqual([4, 5, 10, 11]);
  });

  test.each([1, 2, 4])("are joined again for saving, with %i heads", (heads) => {
    const weights = open(shapes, own(heads));
    const parts = ["q", "k", "v"].map((part) => weights.tensor(`m.layer.0.${part}.weight`));
    const [all] = weights.inFileForm(parts);
    expect(all?.name).toBe("layers.0.Wqkv.weight");
    expect([...tensorValues(all!)].map((value) => value * 16)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const [some] = weights.inFileForm([memoryTensor("m.layer.0.k.weight", [4, 1], new Float32Array(4).fill(-1))]);
    const values = tensorValues(some!);
    expect(values.filter((value) => value === -1)).toHaveLength(4);
    expect(values[0]).toBe(0);
  });

  test("that do not divide are refused", () => {
    const weights = open({ "layers.0.Wqkv.weight": [10, 1] }, own(1));
    expect(() => weights.tensor("m.layer.0.q.weight")).toThrow(
      'Tensor "layers.0.Wqkv.weight" of F32 [10,1] cannot be split into 3 parts.',
    );
  });
});

import { expect, it, onTestFinished } from "vitest";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { pack } from "../../src/models/packed-batch.ts";
import { Encoder } from "../../src/tasks/encoder.ts";
import { folderWithWords } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

if (!hasShared("goldens/models")) describeShared("Encoder", "goldens/models", () => undefined);
else
  await describeBackends("Encoder", (backend) => {
    const load = async (folder: string) => {
      const encoder = await Encoder.load(folder, { backend });
      onTestFinished(() => encoder.dispose());
      return encoder;
    };

    it("gives hidden states and attentions of any layer, each text's own", async () => {
      const folder = folderWithWords("bert/a/base");
      const encoder = await load(folder);
      const texts = ["the cat sat on the mat .", "a dog", ""];
      const encoded = await encoder.encode(texts, { layers: "all", attentions: [-1, 0] });
      const { model } = loadModel(Checkpoint.open(folder), { backend });
      onTestFinished(() => model.close());
      const last = encoder.attentionCount - 1;
      for (const [i, text] of texts.entries()) {
        const { ids, hidden, hiddenStates, attentions, truncated } = encoded[i]!;
        const length = ids.length;
        const names = ["hidden", ...model.outputs.filter((name) => /hiddenStates|attentions/.test(name))];
        const expected = await model.run(pack([encoder.tokenizer.encode(text)]), names);
        expect(hidden).toEqual({ shape: [length, encoder.hiddenSize], data: expected.hidden });
        expect(hiddenStates).toHaveLength(encoder.layerCount);
        for (const [layer, state] of hiddenStates!.entries())
          expect(state.data).toEqual(expected[`hiddenStates.${layer}`]);
        for (const [k, block] of [last, 0].entries()) {
          const { shape, data } = attentions![k]!;
          const pairs = expected[`attentions.${block}`] as Float32Array;
          const heads = pairs.length / length ** 2;
          expect(shape).toEqual([heads, length, length]);
          data.forEach((value, at) => {
            const [head, pair] = [Math.floor(at / length ** 2), at % length ** 2];
            expect(value).toBe(pairs[pair * heads + head]);
          });
          for (let row = 0; row < heads * length; row++) {
            const sum = data.subarray(row * length, (row + 1) * length).reduce((a, b) => a + b, 0);
            expect(sum).toBeCloseTo(1, 5);
          }
        }
        expect(truncated).toBe(false);
      }
    });

    it("gives tokens with offsets, and only what is asked for", async () => {
      const encoder = await load(folderWithWords("bert/a/base"));
      const encoded = await encoder.encode({ text: "the cab", pair: "ran?" });
      expect(encoded.tokens).toEqual(["[CLS]", "the", "c", "##a", "##b", "[SEP]", "ran", "?", "[SEP]"]);
      expect(encoded.offsets.slice(1, 8)).toEqual([
        [0, 3],
        [4, 5],
        [5, 6],
        [6, 7],
        [0, 0],
        [0, 3],
        [3, 4],
      ]);
      expect(Object.keys(encoded)).not.toContain("attentions");
      expect(Object.keys(encoded)).not.toContain("hiddenStates");
    });

    it("gives a text the same bits in batches of any size", async () => {
      const encoder = await load(folderWithWords("bert/a/base"));
      const texts = ["the cat", "a dog ran on the mat", "x"];
      const all = await encoder.encode(texts, { attentions: "all" });
      expect(await encoder.encode(texts, { attentions: "all", batchTokens: 1 })).toEqual(all);
      expect(await Promise.all(texts.map((text) => encoder.encode(text, { attentions: "all" })))).toEqual(all);
    });

    it("opens the encoder of checkpoints with any head", async () => {
      for (const head of ["mlm", "qa", "choice"]) {
        const encoder = await load(folderWithWords(`bert/a/${head}`));
        expect((await encoder.encode("the cat")).hidden.shape).toEqual([4, encoder.hiddenSize]);
      }
    });

    it("cuts or refuses long texts, and says so", async () => {
      const encoder = await load(folderWithWords("bert/a/base"));
      const long = "dog ".repeat(60);
      const { ids, truncated, droppedCharacters } = await encoder.encode(long);
      expect([ids.length, truncated, droppedCharacters]).toEqual([40, true, long.length - (38 * 4 - 1)]);
      await expect(encoder.encode(long, { truncation: "error" })).rejects.toThrow("The text has 62 tokens");
      await expect(encoder.encode(long, { truncation: "window" as never })).rejects.toThrow(
        'expected "truncate" or "error"',
      );
    });

    it("names the layers that there are", async () => {
      const encoder = await load(folderWithWords("bert/a/base"));
      const { layerCount } = encoder;
      await expect(encoder.encode("a", { layers: [layerCount] })).rejects.toThrow(
        `layers names ${layerCount}; this model has 0 to ${layerCount - 1}, or -1 to -${layerCount} from the end.`,
      );
      await expect(encoder.encode("a", { attentions: [0.5] })).rejects.toThrow("attentions names 0.5");
      await expect(encoder.encode("a", { layers: "last" as never })).rejects.toThrow('layers is "last"');
      const fnet = await load(folderWithWords("fnet/a/base"));
      await expect(fnet.encode("a", { attentions: "all" })).rejects.toThrow("this architecture has none");
    });

    it("needs a tokenizer", async () => {
      await expect(Encoder.load(sharedPath("goldens/models/bert/a/base"), { backend })).rejects.toThrow(
        "holds no tokenizer",
      );
    });
  });

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../tokenizer.ts";
import { TOKENIZER_KINDS, type TokenizerKind } from "./tokenizer-kinds.ts";
import { trainVocabulary, type VocabularyTrainingOptions } from "./train-vocabulary.ts";

async function train(texts: Iterable<string>, options: VocabularyTrainingOptions = {}): Promise<Tokenizer> {
  const { files } = await trainVocabulary(texts, options);
  const bytes = new Map(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]));
  return Tokenizer.load({ name: "trained", read: (file) => bytes.get(file) });
}

const SENTENCES = ["the lowest of the low", "lower and lower, the newest of the new", "widest and newest"];
const CORPUS = Array.from({ length: 20 }, () => SENTENCES).flat();

describe("merges", () => {
  // Sennrich et al. 2016, figure 1: the counts of low, lowest, newer, wider.
  const paper = "low ".repeat(5) + "lowest ".repeat(2) + "newer ".repeat(6) + "wider ".repeat(3);

  it("of the most frequent pairs come first, as in the paper", async () => {
    const { files } = await trainVocabulary([paper], { kind: "byte-pair", vocabularySize: 22 });
    const { merges } = JSON.parse(files["tokenizer.json"]).model;
    expect(merges.slice(0, 4)).toEqual([
      ["e", "r</w>"],
      ["l", "o"],
      ["e", "w"],
      ["n", "ew"],
    ]);
  });

  it("of overlapping pairs take the first", async () => {
    const tokenizer = await train(["aaaaa ".repeat(3)], { kind: "byte-pair", vocabularySize: 8 });
    expect(tokenizer.encode("aaaaa", { addSpecialTokens: false }).tokens).toEqual(["aa", "aa", "a</w>"]);
  });

  it("agree with counting all pairs anew after each", async () => {
    const word = fc.string({ unit: fc.constantFrom(..."abc"), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 12 }), async (words) => {
        const options = { kind: "byte-level", vocabularySize: 270, minFrequency: 1 } as const;
        const { files } = await trainVocabulary([words.join(" ")], options);
        const { merges, vocab } = JSON.parse(files["tokenizer.json"]).model;
        expect(merges).toEqual(
          plainMerges(
            words.map((each, i) => (i === 0 ? each : `Ġ${each}`)),
            vocab,
            270,
          ),
        );
      }),
      { numRuns: 60 },
    );
  });
});

/** Byte-pair training as the paper writes it down: slow. */
function plainMerges(words: string[], ids: { [token: string]: number }, size: number): string[][] {
  let spelled = words.map((word) => [...word]);
  const merges: string[][] = [];
  const made = new Set<string>();
  while (5 + 256 + made.size < size) {
    const counts = new Map<string, number>();
    for (const word of spelled) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]} ${word[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const idsOf = (pair: string) => pair.split(" ").map((token) => ids[token]!);
    const [best] = [...counts].sort(([a, countA], [b, countB]) => {
      const [[left, right], [otherLeft, otherRight]] = [idsOf(a), idsOf(b)];
      return countB - countA || left! - otherLeft! || right! - otherRight!;
    });
    if (best === undefined) break;
    const [left, right] = best[0].split(" ") as [string, string];
    merges.push([left, right]);
    made.add(left + right);
    spelled = spelled.map((word) => join(word, left, right));
  }
  return merges;
}

function join(word: string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (let i = 0; i < word.length; i++) {
    const isPair = word[i] === left && word[i + 1] === right;
    joined.push(isPair ? left + right : word[i]!);
    if (isPair) i++;
  }
  return joined;
}

describe.each(TOKENIZER_KINDS)("%s", (kind) => {
  const options = { kind, vocabularySize: kind === "byte-level" ? 290 : 70 };

  it("writes what it was trained on, without unknown tokens and shorter than letter by letter", async () => {
    const tokenizer = await train(CORPUS, options);
    expect(tokenizer.size).toBeLessThanOrEqual(options.vocabularySize);
    for (const sentence of SENTENCES) {
      const { ids, tokens } = tokenizer.encode(sentence, { addSpecialTokens: false });
      expect(ids).not.toContain(tokenizer.specialTokens.unk?.id);
      expect(tokens.length).toBeLessThan(sentence.length / 2);
      expect(tokenizer.decode(ids).replaceAll(" ,", ",").trim()).toBe(sentence);
    }
  });

  it("is framed and named as its family is", async () => {
    const tokenizer = await train(CORPUS, { ...options, specialTokens: ["[USER]"], maxLength: 99 });
    const { tokens, typeIds } = tokenizer.encode("low", { pair: "new" });
    const { cls, sep, pad, mask, unk } = tokenizer.specialTokens;
    for (const role of [pad, mask, unk]) expect(role?.id).toBeLessThan(5);
    expect([tokens[0], tokens.at(-1)]).toEqual([cls?.token, sep?.token]);
    expect(typeIds.at(-1)).toBe(kind === "byte-level" ? 0 : 1);
    expect(tokenizer.maxLength).toBe(99);
    expect(tokenizer.idOf("[USER]")).toBe(5);
    expect(tokenizer.encode("low [USER]").tokens).toContain("[USER]");
  });

  it("gives the same files again", async () => {
    const [first, second] = [await trainVocabulary(CORPUS, options), await trainVocabulary(CORPUS, options)];
    expect(second).toEqual(first);
  });

  it("takes emoji, Chinese, lone surrogates, control characters and special tokens in the text", async () => {
    const odd = [
      "👩‍👩‍👧 中文字符很长没有空格",
      "\ud800 \u0000\u200b",
      "[MASK] <mask> </w> ▁ ## <s>",
      "\t\n ",
      "",
      "e\u0301",
    ];
    const { size } = await train([...CORPUS, ...odd, ...odd], { kind, vocabularySize: 400, minFrequency: 1 });
    expect(size).toBeGreaterThan(40);
  });

  it("takes a line without a break of a megabyte", async () => {
    const unit = "abcdefghijklmnopqrstuvwxyz0123456789";
    const text = Array.from({ length: 30_000 }, (_, i) => unit.slice(i % 30) + unit.slice(i % 7)).join("");
    const tokenizer = await train([text.slice(0, 2 ** 20)], { kind, vocabularySize: 320 });
    expect(tokenizer.encode(unit, { addSpecialTokens: false }).ids.length).toBeLessThan(unit.length);
  });

  it("needs room for its characters", async () => {
    const small = trainVocabulary(CORPUS, { kind, vocabularySize: 12 });
    await expect(small).rejects.toThrow(
      /vocabularySize is 12, but special tokens \(5\) and characters \(\d+\) take \d+/,
    );
  });

  it("needs words", async () => {
    for (const texts of [[], ["", ""]]) {
      await expect(trainVocabulary(texts, { kind })).rejects.toThrow("has no words to train a tokenizer on");
    }
  });
});

it("lower-cases, and drops accents in word-piece", async () => {
  const encode = async (kind: TokenizerKind) => {
    const tokenizer = await train(["Éclair éclair ".repeat(9)], { kind, lowercase: true, vocabularySize: 300 });
    return tokenizer.encode("ÉCLAIR", { addSpecialTokens: false }).tokens;
  };
  expect(await encode("word-piece")).toEqual(["eclair"]);
  expect(await encode("byte-pair")).toEqual(["éclair</w>"]);
  expect(await encode("unigram")).toEqual(["▁éclair"]);
});

it("limits the alphabet to the most frequent characters", async () => {
  const tokenizer = await train(["aaab aaac aaad abz ".repeat(3)], { limitAlphabet: 2, vocabularySize: 20 });
  const unknown = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).tokens.includes("[UNK]");
  expect([unknown("ab"), unknown("az")]).toEqual([false, true]);
});

it("marks continuing tokens as asked", async () => {
  const tokenizer = await train(CORPUS, { vocabularySize: 60, continuingPrefix: "@@" });
  const { ids, tokens } = tokenizer.encode("newnew", { addSpecialTokens: false });
  expect(tokens.slice(1).every((token) => token.startsWith("@@"))).toBe(true);
  expect(tokenizer.decode(ids)).toBe("newnew");
});

it("forgets rare words when there are too many, and says how often", async () => {
  const rare = Array.from({ length: 300 }, (_, i) => `rare${i}`);
  const { words, forgotten } = await trainVocabulary([...CORPUS, rare.join(" ")], { maxWords: 64, vocabularySize: 60 });
  expect(words).toBeLessThanOrEqual(64);
  expect(forgotten).toBeGreaterThan(200);
});

it("tells how far it is and stops when asked to", async () => {
  const phases = new Set<string>();
  await trainVocabulary(CORPUS, { vocabularySize: 60, onStep: ({ phase }) => phases.add(phase) });
  expect([...phases]).toContain("read");
  const control = new AbortController();
  const endless = (function* () {
    for (;;) yield "the lowest of the low";
  })();
  const training = trainVocabulary(endless, { signal: control.signal, onStep: () => control.abort() });
  await expect(training).rejects.toThrow("aborted");
});

it.each<[VocabularyTrainingOptions, string]>([
  [
    { kind: "wordpiece" as TokenizerKind },
    'kind is "wordpiece"; expected one of "word-piece", "byte-pair", "byte-level", "unigram".',
  ],
  [{ vocabularySize: 1.5 }, "vocabularySize is 1.5; expected a whole number, 1 to 16777216."],
  [{ minFrequency: 0 }, "minFrequency is 0; expected a whole number, 1 or more."],
  [
    { kind: "byte-level", limitAlphabet: 9 },
    'limitAlphabet is not for kind "byte-level", whose alphabet are the 256 bytes. Leave it out.',
  ],
  [
    { kind: "unigram", continuingPrefix: "##" },
    'continuingPrefix is for kind "word-piece" alone, not "unigram". Leave it out.',
  ],
  [{ continuingPrefix: "" }, 'continuingPrefix is empty; expected a mark such as "##".'],
  [{ specialTokens: ["a", "a"] }, 'specialTokens has "a"; expected different texts, none blank.'],
])("refuses %j", async (options, message) => {
  await expect(trainVocabulary(CORPUS, options)).rejects.toThrow(message);
});

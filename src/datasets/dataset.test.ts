import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { describeShared } from "../../tests/support/shared.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { unpackGzip } from "./gzip.ts";
import {
  type DataRow,
  Dataset,
  type DatasetOptions,
  hashData,
  LabelSet,
  openRetrieval,
  readPlainText,
} from "./index.ts";

/** A table of tokens, tags, n and text in two groups of rows, zstd, as pyarrow 26 writes it. */
const PARQUET = Buffer.from(
  "UEFSMRUEFS4VQEwVBhUAEgAAKLUv/SAXuQAAAwAAAEFkYQQAAABzYW5nBAAAAEJvbm4VABUiFTQsFQgVEBUGFQYcAAAAKLUv/SARiQAAAgAAAAMCAwAAAAN/AAIDJAAVBBUuFUBMFQYVABIAACi1L/0gF7kAAAUAAABCLVBFUgEAAABPBQAAAEItTE9DFQAVIhU0LBUIFRAVBhUGHAAAACi1L/0gEYkAAAIAAAADAgMAAAADfwACAyQAFQQVMBU6TBUGFQASAAAotS/9IBilAABgAQACAAMAAAAAAAAAAgBg4AFgARUAFRQVJiwVBhUQFQYVBhwAAAAotS/9IApRAAACAAAABgECAyQAFQQVIBUyTBUGFQASAAAotS/9IBCBAAACAAAAw6kBAAAAYgEAAABjFQAVFBUmLBUGFRAVBhUGHAAAACi1L/0gClEAAAIAAAAGAQIDJAAVBBUeFTBMFQYVABIAACi1L/0gD3kAAAEAAABhAQAAAGIBAAAAYxUAFSAVMiwVBhUQFQYVBhwAAAAotS/9IBCBAAACAAAAAwYCAAAABgMCAyQAFQQVChUcTBUCFQASAAAotS/9IAUpAAABAAAATxUAFR4VMCwVBhUQFQYVBhwAAAAotS/9IA95AAACAAAAAwYCAAAABgMBBgAVBBUQFSJMFQIVABIAACi1L/0gCEEAAAAAAAAAAQAAFQAVEhUkLBUCFRAVBhUGHAAAACi1L/0gCUkAAAIAAAACAQECABUEFRAVIkwVAhUAEgAAKLUv/SAIQQAABAAAAPCfkJ0VABUSFSQsFQIVEBUGFQYcAAAAKLUv/SAJSQAAAgAAAAIBAQIAFQQZnDUAGAZzY2hlbWEVCAA1AhgGdG9rZW5zFQIVBkw8AAAANQQYBGxpc3QVAgAVDCUCGAdlbGVtZW50JQBMHAAAADUCGAR0YWdzFQIVBkw8AAAANQQYBGxpc3QVAgAVDCUCGAdlbGVtZW50JQBMHAAAABUEJQIYAW4AFQwlAhgEdGV4dCUATBwAAAAWCBksGUwmABwVDBk1AAYQGTgGdG9rZW5zBGxpc3QHZWxlbWVudBUMFggWkgEWtgEmZCYIKSwVBBUAFQIAFQAVEBUCADwWFhkmBgIZRgACAAYAAAAmABwVDBk1AAYQGTgEdGFncwRsaXN0B2VsZW1lbnQVDBYIFpIBFrYBJpoCJr4BKSwVBBUAFQIAFQAVEBUCADwWFhkmBgIZRgACAAYAAAAmABwVBBk1AAYQGRgBbhUMFgYWhgEWogEmygMm9AIpLBUEFQAVAgAVABUQFQIAPCkGGSYABgAAACYAHBUMGTUABhAZGAR0ZXh0FQwWBhZ2FpoBJuQEJpYEKSwVBBUAFQIAFQAVEBUCADwWCBkGGSYABgAAABagBBYGJggWqAUAGUwmABwVDBk1AAYQGTgGdG9rZW5zBGxpc3QHZWxlbWVudBUMFgYWgAEWpAEm/AUmsAUpLBUEFQAVAgAVABUQFQIAPBYGGSYCBBlGAAAABgAAACYAHBUMGTUABhAZOAR0YWdzBGxpc3QHZWxlbWVudBUMFgYWahaOASaMBybUBiksFQQVABUCABUAFRAVAgA8FgYZJgIEGUYAAAAGAAAAJgAcFQQZNQAGEBkYAW4VDBYCFmQWiAEmoAgm4gcpLBUEFQAVAgAVABUQFQIAPCkGGSYAAgAAACYAHBUMGTUABhAZGAR0ZXh0FQwWAhZkFogBJqgJJuoIKSwVBBUAFQIAFQAVEBUCADwWCBkGGSYAAgAAABayAxYCJrAFFsIEACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZTBwAABwAABwAABwAAAD8AgAAUEFSMQ==",
  "base64",
);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function rowsOf(name: string, content: string | Uint8Array, options?: DatasetOptions): Promise<DataRow[]> {
  const folder = temporaryFolder({ [name]: content });
  return collect(await Dataset.open(`${folder}/${name}`, options));
}

/** The rows without their places. */
const bare = (rows: readonly DataRow[]) => rows.map(({ where: _, ...row }) => row);

describe("gzip", () => {
  const unpack = async (bytes: Uint8Array, size = 3) => {
    const chunks = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) =>
      bytes.subarray(i * size, (i + 1) * size), // biome-ignore format: one
    );
    return Buffer.concat(await collect(unpackGzip(chunks, "x.gz"))).toString();
  };

  it("is told by its first bytes, in whatever chunks; other bytes pass", async () => {
    const packed = gzipSync("some text");
    expect(await unpack(packed, 1)).toBe("some text");
    expect(await unpack(Buffer.concat([packed, gzipSync(" and more")]))).toBe("some text and more");
    expect(await unpack(Buffer.from("plain"))).toBe("plain");
    expect(await unpack(Buffer.from("x"))).toBe("x");
    expect(await unpack(new Uint8Array(0))).toBe("");
  });

  it("a file that is cut short or damaged is an error, not fewer rows", async () => {
    const packed = gzipSync("some text ".repeat(50));
    await expect(unpack(packed.subarray(0, -9))).rejects.toThrow("x.gz is a broken gzip file: it ends too early");
    const damaged = Uint8Array.from(packed, (byte, i) => (i === 14 ? byte ^ 0xff : byte));
    await expect(unpack(damaged)).rejects.toThrow("x.gz is a broken gzip file");
  });

  it("a bomb is given up", async () => {
    const bomb = gzipSync(new Uint8Array(80 * 2 ** 20));
    await expect(unpack(bomb, 2 ** 16)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: x.gz unpacks to more than 100 times its size and was given up. Unpack it yourself first.]`,
    );
  });
});

describe("columns and task", () => {
  const statement = async (...rows: object[]) => {
    const folder = temporaryFolder({ "a.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });
    return (await Dataset.open(`${folder}/a.jsonl`)).statement;
  };

  it("are inferred and stated", async () => {
    expect(await statement({ text: "a", label: "x" })).toBe('single-label classification: "text" -> "label"');
    expect(await statement({ text: "a", label: 1 }, { text: "a", label: 2.5 })).toBe('regression: "text" -> "label"');
    expect(await statement({ text: "a", labels: ["x"] })).toBe('multi-label classification: "text" -> "labels"');
    expect(await statement({ premise: "a", hypothesis: "b", label: 0 })).toBe(
      'single-label classification: "premise", "hypothesis" -> "label"',
    );
    expect(await statement({ sentence1: "a", sentence2: "b", score: 3 })).toBe(
      'regression: "sentence1", "sentence2" -> "score"',
    );
    expect(await statement({ tokens: ["a"], tags: ["O"] })).toBe('tagging: "tokens" -> "tags"');
    expect(await statement({ anchor: "a", positive: "b", negative: "c" })).toBe(
      'unlabelled texts: "anchor", "positive", "negative"',
    );
    expect(await statement({ question: "a", context: "b", answers: [] })).toBe(
      'extractive question answering: "question", "context" -> "answers"',
    );
  });

  it("are as the mapping says", async () => {
    const content = "review,stars,text\ngood,5,x\nbad,1.5,y\n";
    const columns = { text: "review", label: "stars" };
    expect(bare(await rowsOf("a.csv", content, { columns }))).toEqual([
      { text: "good", score: 5 },
      { text: "bad", score: 1.5 },
    ]);
    expect(bare(await rowsOf("a.csv", content, { columns, target: "label" }))).toEqual([
      { text: "good", label: "5" },
      { text: "bad", label: "1.5" },
    ]);
    expect(bare(await rowsOf("a.csv", content, { columns: { text1: "text", text2: "review" } }))).toEqual([
      { text: "x", pair: "good" },
      { text: "y", pair: "bad" },
    ]);
  });

  it("say what is there when one is missing", async () => {
    const content = "review,stars\ngood,5\n";
    await expect(rowsOf("a.csv", content)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.csv has the columns "review", "stars"; expected "text", "text1" and "text2", "tokens", or "question" and "context". Say which column is which, as in --columns text=review.]`,
    );
    await expect(rowsOf("a.csv", content, { columns: { text: "body" } })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.csv has no column "body"; it has "review", "stars".]`,
    );
    await expect(rowsOf("a.csv", content, { columns: { txt: "review" } })).rejects.toThrow(
      '"txt" is no role of a column',
    );
    await expect(
      rowsOf("a.csv", content, { columns: { text: "review" }, target: "labels" }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.csv has no column for labels. Name it: --columns labels=NAME.]`,
    );
  });
});

describe("formats", () => {
  it("lists in the cells of CSV and TSV", async () => {
    expect(bare(await rowsOf("a.tsv", "text\tlabels\none\ta|b c\ntwo\t\nthree\ta, b\n"))).toEqual([
      { text: "one", labels: ["a", "b c"] },
      { text: "two", labels: [] },
      { text: "three", labels: ["a", "b"] },
    ]);
    expect(bare(await rowsOf("a.csv.gz", gzipSync("tokens,tags\nAda sang,B-PER O\n")))).toEqual([
      { tokens: ["Ada", "sang"], tags: ["B-PER", "O"] },
    ]);
  });

  it("CoNLL, with documents, any columns and CoNLL-U", async () => {
    const content = "-DOCSTART- -X- O O\n\nAda NNP I-NP B-PER\nsang VBD I-VP O\r\n\n\n. . O O";
    expect(bare(await rowsOf("a.conll", content))).toEqual([
      { tokens: ["Ada", "sang"], tags: ["B-PER", "O"] },
      { tokens: ["."], tags: ["O"] },
    ]);
    expect(bare(await rowsOf("a.conll", content, { tagColumn: 1 }))[0]).toMatchObject({ tags: ["NNP", "VBD"] });
    const universal = "# text = du\n1-2\tdu\t_\t_\n1\tde\t_\tADP\n2\tle\t_\tDET\n\n";
    expect(bare(await rowsOf("a.conllu", universal))).toEqual([{ tokens: ["de", "le"], tags: ["ADP", "DET"] }]);
    await expect(rowsOf("a.conll", "Ada B-PER\nsang\n\n")).rejects.toThrow(
      "a.conll, line 2 has 1 columns; expected 2.",
    );
    expect(bare(await rowsOf("a.conll", "Ada B-PER\nsang\n\nBonn B-LOC\n", { skipBadRows: true }))).toEqual([
      { tokens: ["Bonn"], tags: ["B-LOC"] },
    ]);
  });

  it("Parquet, one group of rows after the other", async () => {
    const rows = bare(await rowsOf("a.parquet", PARQUET));
    expect(rows).toEqual([
      { tokens: ["Ada", "sang"], tags: ["B-PER", "O"] },
      { tokens: ["Bonn"], tags: ["B-LOC"] },
      { tokens: [], tags: [] },
      { tokens: ["a", "b", "c"], tags: ["O", "O", "O"] },
    ]);
    const columns = { text: "text", score: "n" };
    expect(bare(await rowsOf("a.parquet", PARQUET, { columns, target: "score" })).at(-1)).toMatchObject({
      text: "🐝",
      score: 2 ** 40,
    });
  });

  it("Parquet that is cut or lies is refused", async () => {
    await expect(rowsOf("a.parquet", PARQUET.subarray(0, -20))).rejects.toThrow("a.parquet cannot be read as Parquet");
    await expect(rowsOf("a.parquet", Buffer.from("text\n"))).rejects.toThrow("a.parquet cannot be read as Parquet");
    const shorter = Buffer.concat([PARQUET.subarray(0, 4), PARQUET.subarray(600)]);
    await expect(rowsOf("a.parquet", shorter)).rejects.toThrow(/a\.parquet (is damaged|cannot be read as Parquet)/);
  });

  it("SQuAD's own form and the pair of files, places in UTF-16", async () => {
    const context = "🐝 Bees make honey.";
    const answers = [{ text: "Bees", answer_start: 2 }];
    const qas = [
      { id: "1", question: "Who?", answers },
      { id: "2", question: "Why?", answers: [], is_impossible: true },
    ];
    const expected = [
      { question: "Who?", context, answers: [{ text: "Bees", start: 3 }] },
      { question: "Why?", context, answers: [] },
    ];
    const squad = JSON.stringify({ version: "v2.0", data: [{ title: "Bees", paragraphs: [{ context, qas }] }] });
    expect(bare(await rowsOf("a.json", squad))).toEqual(expected);
    const folder = temporaryFolder({
      "paragraphs.jsonl": JSON.stringify({ id: 0, context }),
      "questions.jsonl": [
        { id: "1", paragraph: 0, question: "Who?", answers: [{ text: "Bees", start: 2 }] },
        { id: "2", paragraph: 0, question: "Why?", answers: [] },
      ].map((row) => JSON.stringify(row)).join("\n"), // biome-ignore format: one
    });
    expect(bare(await collect(await Dataset.open(folder)))).toEqual(expected);
    const wrong = squad.replace('"answer_start":2', '"answer_start":3');
    await expect(rowsOf("a.json", wrong)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.json, question 1: the answer "Bees" does not stand at its start; there stands "ees ".]`,
    );
    await expect(rowsOf("a.json", "{}")).rejects.toThrow("a.json is not of SQuAD's form");
  });

  it("plain text by lines and by paragraphs, documents counted", async () => {
    const folder = temporaryFolder({ "a.txt": "Title\none\n\n\nNext\r\ntwo\nthree\n" });
    const texts = (unit?: "paragraph") => collect(readPlainText(`${folder}/a.txt`, { unit }));
    expect((await texts()).map(({ text, document, line }) => [text, document, line])).toEqual([
      ["Title", 0, 1],
      ["one", 0, 2],
      ["Next", 1, 5],
      ["two", 1, 6],
      ["three", 1, 7],
    ]);
    expect(await texts("paragraph")).toEqual([
      { text: "Title\none", document: 0, line: 1 },
      { text: "Next\ntwo\nthree", document: 1, line: 5 },
    ]);
  });

  it("BEIR folders", async () => {
    const folder = temporaryFolder({
      "corpus.jsonl": '{"_id":"d1","title":"T","text":"one"}\n{"_id":"d2","text":"two"}\n',
      "queries.jsonl": '{"_id":"q1","text":"who"}\n{"_id":"q2","text":"not judged"}\n',
      "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td2\t1\n",
    });
    const { queries, judgements, documents } = await openRetrieval(folder);
    expect([...queries]).toEqual([["q1", "who"]]);
    expect([...judgements.get("q1")!]).toEqual([["d2", 1]]);
    expect(await collect(documents())).toEqual([
      { id: "d1", title: "T", text: "one" },
      { id: "d2", title: "", text: "two" },
    ]);
    await expect(openRetrieval(folder, { split: "dev" })).rejects.toThrow("has no qrels/dev.tsv or qrels-dev.tsv");
  });
});

describe("bad rows", () => {
  const content = [
    '{"text":"a","label":"x"}',
    "not JSON",
    '{"text":"b"}',
    '{"text":"c","label":null}',
    '{"text":7,"label":"x"}',
    '{"text":"d","label":"y"}',
  ].join("\n");

  it("are errors that name file, line and what is there", async () => {
    await expect(rowsOf("a.jsonl", content)).rejects.toThrow("a.jsonl, line 2 is not valid JSON");
    await expect(rowsOf("a.jsonl", content.replace("not JSON\n", ""))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.jsonl, line 2: expected a label in "label"; it has "text". All rows must have the same columns.]`,
    );
    await expect(rowsOf("a.jsonl", '{"tokens":["a","b"],"tags":["O"]}')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: a.jsonl, line 1 has 1 tags for 2 tokens.]`,
    );
  });

  it("are passed over and counted when asked", async () => {
    const folder = temporaryFolder({ "a.jsonl": content, "b.csv": "text,label\na,x\nonly\nb,y\n" });
    const data = await Dataset.open(`${folder}/a.jsonl`, { skipBadRows: true });
    expect(bare(await collect(data))).toEqual([
      { text: "a", label: "x" },
      { text: "d", label: "y" },
    ]);
    expect(data.skipped).toBe(4);
    expect(data.firstSkipped).toContain("a.jsonl, line 2 is not valid JSON");
    const table = await Dataset.open(`${folder}/b.csv`, { skipBadRows: true });
    expect(await collect(table)).toHaveLength(2);
    expect([table.skipped, table.firstSkipped]).toEqual([
      1,
      "b.csv, line 3 has another number of cells (1) than the header.",
    ]);
    const bytes = Buffer.concat([Buffer.from("one\n"), Buffer.from([0xff, 0x0a]), Buffer.from("two\n")]);
    expect(bare(await rowsOf("a.txt", bytes, { skipBadRows: true }))).toEqual([{ text: "one" }, { text: "two" }]);
  });

  it("an empty split, a split of one label and a label that training does not have", async () => {
    await expect(rowsOf("dev.jsonl", "")).rejects.toThrow("dev.jsonl holds no rows: the split is empty.");
    const rows = (...labels: string[]) => labels.map((label, i) => ({ where: `t, line ${i + 1}`, text: "", label }));
    await expect(LabelSet.collect(rows("a", "a"), "t")).rejects.toThrow(
      't has one label only, "a", in 2 rows; expected two or more to tell apart.',
    );
    const set = await LabelSet.collect(rows("b", "a", "b"), "t");
    expect([set.labels, set.index("b", ""), set.counts.get("b")]).toEqual([["a", "b"], 1, 2]);
    expect(() => set.index("c", "dev.jsonl, line 3")).toThrowErrorMatchingInlineSnapshot(
      `[InputError: dev.jsonl, line 3: the label "c" does not occur in training; there are "a", "b".]`,
    );
  });
});

it("the hash of a file is that of its bytes", () => {
  const folder = temporaryFolder({ "a.txt": "abc" });
  expect(hashData(`${folder}/a.txt`)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(() => hashData(`${folder}/b.txt`)).toThrow("There is no data file");
});

it("a large file is read with little memory, and let go when the reader stops", async () => {
  const row = `${JSON.stringify({ text: "x".repeat(10_000), label: "a" })}\n`;
  const folder = temporaryFolder({ "a.jsonl.gz": gzipSync(row.repeat(4000)) }); // 40 MB
  const data = await Dataset.open(`${folder}/a.jsonl.gz`);
  const before = process.memoryUsage().arrayBuffers;
  let [rows, most] = [0, 0];
  for await (const _ of data) if (++rows % 500 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
  expect(rows).toBe(4000);
  expect(most - before).toBeLessThan(30e6);
  for await (const _ of data) break;
});

describeShared("the shared data", "data", (folder) => {
  it.each([
    ["trec/test.jsonl.gz", 500, 'single-label classification: "text" -> "label"'],
    ["stsb/test.jsonl.gz", 1379, 'regression: "text1", "text2" -> "score"'],
    ["goemotions/dev.jsonl.gz", 5426, 'multi-label classification: "text" -> "labels"'],
    ["conll2003/dev.jsonl.gz", 3250, 'tagging: "tokens" -> "tags"'],
    ["squad20-dev", 11873, 'extractive question answering: "question", "context" -> "answers"'],
    ["cmrc2018/trial-questions.jsonl.gz", 1002, 'extractive question answering: "question", "context" -> "answers"'],
  ])("%s: %i rows", async (name, count, statement) => {
    const data = await Dataset.open(`${folder}/${name}`);
    expect([(await collect(data)).length, data.statement]).toEqual([count, statement]);
  });

  it("SciFact's test queries", async () => {
    const { queries, judgements, documents } = await openRetrieval(`${folder}/scifact`);
    expect([queries.size, judgements.size, (await collect(documents())).length]).toEqual([300, 300, 5183]);
  });
});

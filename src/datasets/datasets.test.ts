import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDelimited } from "./delimited.ts";
import { readJsonLines } from "./json-lines.ts";
import { readLines } from "./lines.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** The bytes cut into chunks of `size`, so that every boundary is met. */
function chunked(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("readLines", () => {
  const lines = async (text: string, size = 1000) =>
    (await collect(readLines(chunked(encode(text), size), "texts.txt"))).map((line) => line.text);

  it("knows both line ends, keeps empty lines and adds none at the end", async () => {
    expect(await lines("a\r\n\nb\n")).toEqual(["a", "", "b"]);
    expect(await lines("a\nb")).toEqual(["a", "b"]);
    expect(await lines("")).toEqual([]);
    expect(await lines("\n")).toEqual([""]);
  });

  it("leaves out a byte order mark at the beginning only", async () => {
    expect(await lines("\ufeffa\n\ufeffb")).toEqual(["a", "\ufeffb"]);
  });

  it("reads the same whatever the chunks", async () => {
    const text = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replace(/[\r\n\ufeff]/g, "")));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        expect(await lines(rows.map((row) => `${row}\n`).join(""), size)).toEqual(rows);
      }),
      { numRuns: 50 },
    );
  });

  it("takes a line of 10 MB in small chunks in linear time", async () => {
    const [line] = await lines(`${"x".repeat(10_000_000)}\nshort`, 65536);
    expect(line?.length).toBe(10_000_000);
  });

  it("names the line that is not UTF-8", async () => {
    const bytes = new Uint8Array([...encode("a\nb"), 0xff, 0x0a]);
    await expect(collect(readLines([bytes], "texts.txt"))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: texts.txt, line 2 is not valid UTF-8. Save the file as UTF-8.]`,
    );
  });
});

describe("readJsonLines", () => {
  const rows = (text: string, fields = ["text"]) => collect(readJsonLines([encode(text)], "rows.jsonl", fields));

  it("picks the fields in the order asked for", async () => {
    expect(await rows('{"a":"1","b":"2"}\n\n{"b":"4","a":"3"}', ["b", "a"])).toEqual([
      ["2", "1"],
      ["4", "3"],
    ]);
  });

  it("says which line lacks what", async () => {
    await expect(rows('{"text":"a"}\n{"body":"b"}')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: rows.jsonl, line 2: expected a string in the field "text"; it has body.]`,
    );
    await expect(rows('{"text":7}')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: rows.jsonl, line 1: expected a string in the field "text"; it is 7.]`,
    );
    await expect(rows('{"text"')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: rows.jsonl, line 1 is not valid JSON; expected one object a line.]`,
    );
    await expect(rows("[1]")).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: rows.jsonl, line 1 is [1]; expected an object.]`,
    );
    await expect(rows('{"a":"x"}', ["toString"])).rejects.toThrow("it has a");
  });
});

describe("readDelimited", () => {
  const rows = (text: string | Uint8Array, columns: string[], delimiter: "," | "\t" = ",", size = 1000) =>
    collect(
      readDelimited(chunked(typeof text === "string" ? encode(text) : text, size), "t.csv", columns, { delimiter }),
    );

  it("reads quoted cells, line breaks in them, CRLF and a byte order mark", async () => {
    const text = '\ufeffid,text\r\n1,"a ""b"", c"\r\n2,"two\nlines"\r\n';
    for (const size of [1, 2, 3, 1000]) {
      expect(await rows(text, ["text", "id"], ",", size)).toEqual([
        ['a "b", c', "1"],
        ["two\nlines", "2"],
      ]);
    }
  });

  it("takes quotes in TSV for what they are", async () => {
    expect(await rows('text\tlabel\nsay "hi\tx', ["text"], "\t")).toEqual([['say "hi']]);
  });

  it("reads more rows than its buffers hold, in any chunks", async () => {
    const text = `text\n${Array.from({ length: 500 }, (_, i) => `row ${i}`).join("\n")}\n`;
    expect(await rows(text, ["text"], ",", 3)).toHaveLength(500);
  });

  it("stops reading when the reader stops", async () => {
    let read = 0;
    const endless = (function* () {
      yield encode("text\n");
      for (;;) {
        read++;
        yield encode("row\n".repeat(1000));
      }
    })();
    for await (const row of readDelimited(endless, "t.csv", ["text"], { delimiter: "," })) {
      expect(row).toEqual(["row"]);
      break;
    }
    const atEnd = read;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(read).toBeLessThanOrEqual(atEnd + 1);
  });

  it("says what is wrong and where", async () => {
    await expect(rows("id,body\n1,a", ["text"])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: t.csv has no column "text"; it has "id", "body".]`,
    );
    await expect(rows("id,text\n1\n", ["text"])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: t.csv, line 2 has another number of cells (1) than the header.]`,
    );
    await expect(rows('text\n"open', ["text"])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: t.csv, line 2 begins a quote that is never closed.]`,
    );
    const bytes = new Uint8Array([...encode("text\n"), 0xff]);
    await expect(rows(bytes, ["text"])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: t.csv, line 2 is not valid UTF-8. Save the file as UTF-8.]`,
    );
  });

  it("passes on why the file could not be read", async () => {
    const broken = (async function* () {
      yield encode("text\na\n");
      throw new Error("gone");
    })();
    await expect(collect(readDelimited(broken, "t.csv", ["text"], { delimiter: "," }))).rejects.toThrow("gone");
  });
});

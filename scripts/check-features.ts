import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HEADS } from "../src/models/architecture.ts";
import { ARCHITECTURES } from "../src/models/registry.ts";

/** Families that transformers lacks: held against another transcription (record-published.py). */
const TRANSCRIBED = new Set(["jina-bert-v2", "jina-bert-v2-code", "neobert"]);

/** Families that share another's recordings: same network, other names. */
const SHARED_RECORDINGS: Record<string, string> = { "data2vec-text": "roberta", new: "gte" };

const BEGIN = "<!-- families: npx tsx scripts/check-features.ts --write -->";
const END = "<!-- end of families -->";

/** The table of families and heads, from the registry. */
export function familyTable(): string {
  const rows = ARCHITECTURES.map(({ name, heads }) => {
    const grade = TRANSCRIBED.has(name) ? "◐" : "●";
    const note = SHARED_RECORDINGS[name] === undefined ? "" : ` (as ${SHARED_RECORDINGS[name]})`;
    return [`${name}${note}`, ...HEADS.map((head) => (heads.includes(head) ? grade : ""))];
  });
  const sorted = rows.toSorted((a, b) => a[0]!.localeCompare(b[0]!, "en"));
  const lines = [["family", ...HEADS], ["---", ...HEADS.map(() => ":-:")], ...sorted];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** FEATURES.md with the table as it should be. */
export function withFamilyTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`FEATURES.md lacks the lines "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin)}${BEGIN}\n${familyTable()}\n${page.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(fileURLToPath(new URL("..", import.meta.url)), "FEATURES.md");
  const page = readFileSync(file, "utf8");
  const expected = withFamilyTable(page);
  if (process.argv.includes("--write")) writeFileSync(file, expected);
  else if (page !== expected) {
    console.error("FEATURES.md does not say what the registry holds; run: npx tsx scripts/check-features.ts --write");
    process.exitCode = 1;
  }
}

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ApiEntry, readPublicApi } from "./public-api.ts";

const PAGE = "docs/api.md";
const MOST_MAIN_NAMES = 40;

/** What a user would miss: names and methods without a docstring, and too many names behind the main door. */
export function checkApi(api: ReadonlyMap<string, readonly ApiEntry[]>): string[] {
  const faults: string[] = [];
  for (const [door, entries] of api) {
    for (const entry of entries) {
      if (entry.documentation === "") faults.push(`${door}: ${entry.name} has no docstring`);
      for (const member of entry.members) {
        const isProtocol = member.name.startsWith("[Symbol.");
        const isBare = entry.kind === "class" && member.isMethod && !isProtocol && member.documentation === "";
        if (isBare) faults.push(`${door}: ${entry.name}.${member.name} has no docstring`);
      }
    }
  }
  const main = [...api.values()][0] ?? [];
  if (main.length > MOST_MAIN_NAMES) {
    faults.push(`the main door has ${main.length} names; at most ${MOST_MAIN_NAMES}: move the rarer ones to a subpath`);
  }
  return faults;
}

/** The page of all public names, in Markdown. */
export function apiPage(api: ReadonlyMap<string, readonly ApiEntry[]>): string {
  const doors = [...api].map(([door, entries]) => `## ${door}\n\n${entries.map(entrySection).join("\n")}`);
  const head = "# Public names\n\nMade from the docstrings by `npx tsx scripts/check-api.ts --write`; do not edit.\n";
  return [head, ...doors].join("\n");
}

function entrySection({ name, kind, signature, documentation, members }: ApiEntry): string {
  const list = members.map((member) => {
    const words = member.documentation.replace(/\s+/g, " ");
    return `- \`${member.signature}\`${words === "" ? "" : ` ${words}`}`;
  });
  const code = `\`\`\`ts\n${signature}\n\`\`\``;
  return `### ${name}\n\n*${kind}*\n\n${code}\n\n${documentation}\n${list.length > 0 ? `\n${list.join("\n")}\n` : ""}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const api = readPublicApi(root);
  const faults = checkApi(api);
  const page = apiPage(api);
  const file = join(root, PAGE);
  if (process.argv.includes("--write")) writeFileSync(file, page);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== page) {
    faults.push(`${PAGE} is not what the docstrings say; run: npx tsx scripts/check-api.ts --write`);
  }
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

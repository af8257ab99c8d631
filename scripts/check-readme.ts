import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSnippets, type Snippet } from "./snippets.ts";

/**
 * Runs every command and program of README.md, ARCHITECTURE.md, CONTRIBUTING.md and docs/*.md, in the repository root;
 * the first that fails is named by its page and line. `--list` shows them only. Commands that begin with `npm ci` set a
 * clone up; .ci/run runs those by themselves, first.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "build/snippets");
const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs")).map((page) => `docs/${page}`),
];
/** Where `cloze` is a command, as it is for those who have installed the package. */
const commands = join(folder, "bin");
const path = [commands, join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);

mkdirSync(commands, { recursive: true });
writeFileSync(join(commands, "cloze"), `#!/bin/sh\nexec node "${root}dist/cli/main.js" "$@"\n`, { mode: 0o755 });
let count = 0;
for (const page of pages.filter((name) => name.endsWith(".md") && name !== "docs/api.md")) {
  for (const snippet of readSnippets(readFileSync(join(root, page), "utf8"))) {
    const code = withoutSetup(snippet);
    if (code === "") continue;
    count++;
    console.log(`-- ${page}:${snippet.line}`);
    if (process.argv.includes("--list")) console.log(code);
    else if (code.includes("../shared/") && !existsSync(join(root, "../shared"))) {
      console.log("skipped: the shared folder with the data is not beside the repository");
    } else if (!run({ ...snippet, code })) {
      console.error(`FAIL ${page}:${snippet.line}\n${code}`);
      process.exitCode = 1;
    }
  }
}
console.log(`${count} snippets`);

function withoutSetup({ language, code }: Snippet): string {
  if (language === "ts") return code;
  const lines = code.split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("npm ci")).join("\n");
}

function run({ language, code, line }: Snippet): boolean {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } } as const;
  if (language === "sh") return spawnSync("bash", ["-euo", "pipefail", "-c", code], options).status === 0;
  const file = join(folder, `line-${line}.ts`);
  writeFileSync(file, `${code}\n`);
  return spawnSync(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), file], options).status === 0;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSnippets, type Snippet } from "./snippets.ts";
import { missingModel, startStandInHub } from "./stand-in-hub.ts";

/**
 * Runs every command and program of README.md, ARCHITECTURE.md, CONTRIBUTING.md and docs/*.md, in the repository root;
 * the first that fails is named by its page and line. `--list` shows them only. Commands that begin with `npm ci` set a
 * clone up; .ci/run runs those by themselves, first. Models of the hub come from one on this machine, which has tiny ones
 * in their place.
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
const hub = await startStandInHub();
const cache = join(folder, "hub");
rmSync(cache, { recursive: true, force: true });
const environment = { ...process.env, PATH: path, HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: "0" };
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
    } else if (missingModel(hub, code) !== undefined) {
      console.log(`skipped: what stands in for ${missingModel(hub, code)} is in the shared folder, which is not there`);
    } else if (!(await run({ ...snippet, code }))) {
      console.error(`FAIL ${page}:${snippet.line}\n${code}`);
      process.exitCode = 1;
    }
  }
}
await hub.close();
console.log(`${count} snippets`);

function withoutSetup({ language, code }: Snippet): string {
  if (language === "ts") return code;
  const lines = code.split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("npm ci")).join("\n");
}

async function run({ language, code, line }: Snippet): Promise<boolean> {
  if (language === "sh") return succeeds("bash", ["-euo", "pipefail", "-c", code]);
  const file = join(folder, `line-${line}.ts`);
  writeFileSync(file, `${code}\n`);
  return succeeds(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), file]);
}

async function succeeds(command: string, words: readonly string[]): Promise<boolean> {
  const [status] = await once(spawn(command, words, { cwd: root, stdio: "inherit", env: environment }), "close");
  return status === 0;
}

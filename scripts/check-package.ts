import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/**
 * Packs what would be published and asks publint and arethetypeswrong about it. With `--no-build` the pack is made of
 * what is in dist/ already. Cloze is ESM only, so the second is asked with that profile.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cloze-pack-"));
try {
  const options = [
    "--json",
    "--pack-destination",
    folder,
    ...(process.argv.includes("--no-build") ? ["--ignore-scripts"] : []),
  ];
  const output = execFileSync("npm", ["pack", ...options], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [packed] = JSON.parse(output.slice(output.indexOf("[\n"))) as [
    { filename: string; size: number; entryCount: number },
  ];
  const tarball = join(folder, packed.filename);
  const isClean = await lint(tarball);
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  execFileSync(process.execPath, [attw, tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"], {
    stdio: "inherit",
  });
  console.log(`${packed.entryCount} files, ${(packed.size / 1024).toFixed(0)} KB`);
  if (!isClean) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** publint's opinion; suggestions count as faults too. */
async function lint(tarball: string): Promise<boolean> {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(bytes).buffer }, strict: true });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg ?? {})}`);
  return messages.length === 0;
}

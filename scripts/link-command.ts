/**
 * Part of `prepare`: puts the command where npm puts those of dependencies, so that `npx cloze` in a clone runs what was
 * just built. Without it npx installs the clone into a cache of its own first, and builds everything again.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bins = join(root, "node_modules/.bin");
const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: Record<string, string> };

mkdirSync(bins, { recursive: true });
for (const [command, program] of Object.entries(bin)) {
  const file = join(root, program);
  const link = join(bins, command);
  rmSync(link, { force: true });
  if (process.platform === "win32") {
    writeFileSync(`${link}.cmd`, `@node "%~dp0\\${relative(bins, file)}" %*\r\n`);
  } else {
    chmodSync(file, 0o755);
    symlinkSync(relative(bins, file), link);
  }
}

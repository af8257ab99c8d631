import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of the files below some folders of `root` whose names match, by path from there with forward slashes. */
export function readFiles(root: string, folders: readonly string[], names: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      const whole = join(folder, path).replaceAll("\\", "/");
      if (names.test(path) && !whole.includes("node_modules/"))
        found.set(whole, readFileSync(join(root, whole), "utf8"));
    }
  }
  return found;
}

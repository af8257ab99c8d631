import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const VERSION = "24";

/** A Node with relaxed SIMD: this one, or npm's package of another, installed beside the peers when it is first asked for. */
export function newerNode(): string {
  if (Number(process.versions.node.split(".")[0]) >= 22) return process.execPath;
  const machine = `node-${process.platform}-${process.arch}`;
  const folder = fileURLToPath(new URL(`peers/models/node-${VERSION}`, import.meta.url));
  const node = `${folder}/node_modules/${machine}/bin/node`;
  if (!existsSync(node)) {
    const options = ["--no-audit", "--no-fund", "--no-save", "--prefix", folder];
    execFileSync("npm", ["install", ...options, `${machine}@${VERSION}`], { stdio: ["ignore", "ignore", "inherit"] });
  }
  return node;
}

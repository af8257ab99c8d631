import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Everything `npm run check` asks, in this order; each is a program of its own and may be run alone. */
const checks: readonly { name: string; program: string; args: readonly string[] }[] = [
  { name: "types", program: "typescript/bin/tsc", args: ["-p", "tsconfig.json"] },
  { name: "biome", program: "@biomejs/biome/bin/biome", args: ["check", "--error-on-warnings"] },
  { name: "layers", program: "tsx/dist/cli.mjs", args: ["scripts/check-layers.ts"] },
  { name: "files", program: "tsx/dist/cli.mjs", args: ["scripts/check-files.ts"] },
  { name: "features", program: "tsx/dist/cli.mjs", args: ["scripts/check-features.ts"] },
  { name: "package", program: "tsx/dist/cli.mjs", args: ["scripts/check-package.ts"] },
  { name: "public types", program: "typescript/bin/tsc", args: ["-p", "tests/types/tsconfig.json"] },
  { name: "public names", program: "tsx/dist/cli.mjs", args: ["scripts/check-api.ts"] },
];

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program of node_modules and collects what it says. */
function run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [`${root}node_modules/${program}`, ...args], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? 1, output })));
}

const failed: string[] = [];
for (const { name, program, args } of checks) {
  const started = performance.now();
  const { code, output } = await run(program, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name.padEnd(14)} ${seconds.padStart(6)} s`);
  if (code === 0) continue;
  failed.push(name);
  console.log(output.trimEnd().replace(/^/gm, "     "));
}
console.log(failed.length === 0 ? `All ${checks.length} checks pass.` : `Failed: ${failed.join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;

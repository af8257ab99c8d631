/**
 * Compiles and runs one of the two programs beside it against the kernels that kernels/build.ts built:
 *
 *   npx tsx kernels/driver/run.ts check [set]                    every kernel against plain loops in double
 *   npx tsx kernels/driver/run.ts bench [set] [threads] [group] [dtype]  speed, and share of the measured peak
 *
 * A set is an instruction set (default: all for check, the widest for bench), a group one of linear, small, attention,
 * matmul, rows, a dtype what the weights of linear are kept in: f32, bf16, int8. CLOZE_RUNNER runs what was compiled for
 * another processor (CLOZE_ARCHITECTURE), such as "qemu-aarch64 -L /usr/aarch64-linux-gnu".
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARCHITECTURE, BUILD_FOLDER, COMMON_FLAGS, kernelFiles } from "../build-sources.ts";

const [program, ...words] = process.argv.slice(2);
if (program !== "check" && program !== "bench") {
  console.error("usage: tsx kernels/driver/run.ts check [set] | bench [set] [threads] [group] [dtype]");
  process.exit(2);
}

const folder = join(BUILD_FOLDER, `${process.platform}-${ARCHITECTURE}`);
const sets = ARCHITECTURE === "arm64" ? ["neon"] : ["sse2", "avx2", "avx512"];
const names = kernelFiles().map((name) => name.replace(/\.cc$/, ".o"));
const objects = sets.flatMap((set) => names.map((name) => join(folder, set, name)));
const executable = join(folder, program);
const source = fileURLToPath(new URL(`${program}.cc`, import.meta.url));
const flags = [...COMMON_FLAGS.filter((flag) => flag !== "-fno-exceptions"), "-O2", "-pthread", `-I${BUILD_FOLDER}`];
const compiled = spawnSync(process.env.CXX ?? "g++", [...flags, source, ...objects, "-o", executable], {
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(1);
const [command = "", ...args] = [...(process.env.CLOZE_RUNNER?.split(" ") ?? []), executable, ...words];
process.exit(spawnSync(command, args, { stdio: "inherit" }).status ?? 1);

import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { contentKey, isFresh, markFresh } from "./build-freshness.ts";
import {
  BUILD_FOLDER,
  COMMON_FLAGS,
  headerFiles,
  KERNEL_FLAGS,
  KERNELS_FOLDER,
  kernelFiles,
  NATIVE_HOST,
  ROOT,
  readSource,
} from "./build-sources.ts";

const run = promisify(execFile);
const nodeHeaders = dirname(createRequire(import.meta.url).resolve("node-api-headers/include/node_api.h"));

/** Flags that let the compiler use an instruction set; dispatch.cc asks the processor for exactly these. */
const INSTRUCTION_SETS: { readonly [architecture: string]: { readonly [name: string]: readonly string[] } } = {
  x64: {
    sse2: ["-march=x86-64"],
    avx2: ["-march=x86-64", "-mavx2", "-mfma", "-mf16c"],
    avx512: [
      ...["-march=x86-64", "-mavx2", "-mfma", "-mf16c", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"],
      "-mprefer-vector-width=512",
    ],
  },
  arm64: { neon: ["-march=armv8-a"] },
};

interface Compilation {
  readonly source: string;
  readonly object: string;
  readonly flags: readonly string[];
}

/**
 * Compiles the addon for this machine into prebuilds/<platform>-<arch>/cloze.node.
 *
 * @returns why it was not built, when there is no compiler or no kernels for this processor.
 */
export async function buildAddon(): Promise<string | undefined> {
  const sets = INSTRUCTION_SETS[process.arch];
  if (sets === undefined) return `no native kernels for ${process.arch}`;
  const compiler = findCompiler();
  if (compiler === undefined) return "no C++ compiler found (looked for $CXX, g++, clang++)";

  const compilations = listCompilations(sets);
  await compileAll(compiler, compilations);
  await link(
    compiler,
    compilations.map(({ object }) => object),
  );
  return undefined;
}

function findCompiler(): { command: string; version: string } | undefined {
  const candidates = process.env.CXX === undefined ? ["g++", "clang++"] : [process.env.CXX];
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (status === 0) return { command, version: stdout };
  }
  return undefined;
}

function listCompilations(sets: { readonly [name: string]: readonly string[] }): Compilation[] {
  const folder = join(BUILD_FOLDER, `${process.platform}-${process.arch}`);
  const position = process.platform === "win32" ? [] : ["-fPIC"];
  const common = [...COMMON_FLAGS, ...position, `-I${BUILD_FOLDER}`];
  const kernels = Object.entries(sets).flatMap(([name, flags]) =>
    kernelFiles().map((source) => ({
      source,
      object: join(folder, name, source.replace(/cc$/, "o")),
      flags: [...common, ...KERNEL_FLAGS, ...flags, `-DCLOZE_ISA=${name}`],
    })),
  );
  const host = NATIVE_HOST.map((source) => ({
    source,
    object: join(folder, "host", source.replace(/cc$/, "o")),
    flags: [...common, "-O2", "-pthread", "-DNAPI_VERSION=8", `-I${nodeHeaders}`],
  }));
  return [...kernels, ...host];
}

async function compileAll(compiler: { command: string; version: string }, compilations: readonly Compilation[]) {
  const headers = [...headerFiles().map(readSource), readSource("../build/opcodes.h")];
  const waiting = [...compilations];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const key = contentKey(compiler.command, compiler.version, ...next.flags, ...headers, readSource(next.source));
      if (isFresh(next.object, key)) continue;
      mkdirSync(join(next.object, ".."), { recursive: true });
      await runCompiler(compiler.command, [...next.flags, "-c", join(KERNELS_FOLDER, next.source), "-o", next.object]);
      markFresh(next.object, key);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** The C library alone: without libstdc++ the addon loads on older systems than the one that built it. */
async function link(compiler: { command: string; version: string }, objects: readonly string[]): Promise<void> {
  const folder = join(ROOT, "prebuilds", `${process.platform}-${process.arch}`);
  mkdirSync(folder, { recursive: true });
  const built = join(BUILD_FOLDER, `${process.platform}-${process.arch}`, "cloze.node");
  const libraries = {
    darwin: ["-bundle", "-undefined", "dynamic_lookup"],
    win32: ["-shared", "-static", ...nodeImportLibraries()],
  }[process.platform as string] ?? ["-shared", "-nodefaultlibs", "-Wl,--gc-sections", "-lc", "-lpthread", "-lgcc"];
  await runCompiler(compiler.command, [...objects, ...libraries, "-o", built]);
  // A process that has the old addon loaded keeps it: the new one is a new file.
  rmSync(join(folder, "cloze.node"), { force: true });
  copyFileSync(built, join(folder, "cloze.node"));
}

async function runCompiler(command: string, args: readonly string[]): Promise<void> {
  try {
    const { stderr } = await run(command, args, { maxBuffer: 1 << 26 });
    process.stderr.write(stderr);
  } catch (error) {
    console.error((error as { stderr?: string }).stderr);
    throw new Error(`${command} failed. To do without the addon, set CXX=none.`);
  }
}

/** On Windows an addon finds Node's functions through import libraries, which MinGW's dlltool makes from lists. */
function nodeImportLibraries(): string[] {
  if (process.platform !== "win32") return [];
  return ["node_api", "js_native_api"].map((name) => {
    const library = join(BUILD_FOLDER, `${name}.lib`);
    spawnSync("dlltool", ["-d", join(nodeHeaders, "..", "def", `${name}.def`), "-l", library]);
    return library;
  });
}

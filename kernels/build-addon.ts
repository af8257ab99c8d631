import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { contentKey, isFresh, markFresh, writeIfChanged } from "./build-freshness.ts";
import {
  ARCHITECTURE,
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

/** The compiler's header of intrinsics: half of the time of a small kernel file, so it is compiled once a set. */
const INTRINSICS: { readonly [architecture: string]: string } = { x64: "immintrin.h", arm64: "arm_neon.h" };

interface Compiler {
  readonly command: string;
  readonly version: string;
}

interface Compilation {
  /** A path. */
  readonly source: string;
  readonly object: string;
  readonly flags: readonly string[];
}

/**
 * Compiles the addon into prebuilds/<platform>-<arch>/cloze.node.
 *
 * @returns why it was not built, when there is no compiler or no kernels for this processor.
 */
export async function buildAddon(): Promise<string | undefined> {
  const sets = INSTRUCTION_SETS[ARCHITECTURE];
  if (sets === undefined) return `no native kernels for ${ARCHITECTURE}`;
  const compiler = findCompiler();
  if (compiler === undefined) return "no C++ compiler found (looked for $CXX, g++, clang++)";

  const headers = Object.entries(sets).map(([name, flags]) => intrinsicsHeader(name, flags));
  await compileAll(compiler, headers, []);
  const kernels = Object.entries(sets).flatMap(([name, flags]) => kernelCompilations(name, flags));
  const compilations = [...kernels, ...hostCompilations()];
  await compileAll(compiler, compilations, [...headerFiles().map(readSource), readSource("../build/opcodes.h")]);
  const objects = compilations.map(({ object }) => object);
  await link(compiler, objects);
  return undefined;
}

function findCompiler(): Compiler | undefined {
  const candidates = process.env.CXX === undefined ? ["g++", "clang++"] : [process.env.CXX];
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (status === 0) return { command, version: stdout };
  }
  return undefined;
}

const FOLDER = join(BUILD_FOLDER, `${process.platform}-${ARCHITECTURE}`);
const COMMON = [...COMMON_FLAGS, ...(process.platform === "win32" ? [] : ["-fPIC"]), `-I${BUILD_FOLDER}`];

function kernelFlags(set: string, flags: readonly string[]): string[] {
  return [...COMMON, ...KERNEL_FLAGS, ...flags, `-DCLOZE_ISA=${set}`];
}

function intrinsicsHeader(set: string, flags: readonly string[]): Compilation {
  const source = join(FOLDER, set, "intrinsics.h");
  writeIfChanged(source, `#include <${INTRINSICS[ARCHITECTURE]}>\n`);
  return { source, object: `${source}.gch`, flags: [...kernelFlags(set, flags), "-x", "c++-header"] };
}

function kernelCompilations(set: string, flags: readonly string[]): Compilation[] {
  return kernelFiles().map((name) => ({
    source: join(KERNELS_FOLDER, name),
    object: join(FOLDER, set, name.replace(/cc$/, "o")),
    flags: [...kernelFlags(set, flags), "-include", join(FOLDER, set, "intrinsics.h")],
  }));
}

function hostCompilations(): Compilation[] {
  return NATIVE_HOST.map((name) => ({
    source: join(KERNELS_FOLDER, name),
    object: join(FOLDER, "host", name.replace(/cc$/, "o")),
    flags: [...COMMON, "-O2", "-pthread", "-DNAPI_VERSION=8", `-I${nodeHeaders}`],
  }));
}

/** Compiles what was not made from these very sources, headers and flags before. */
async function compileAll(
  compiler: Compiler,
  compilations: readonly Compilation[],
  headers: readonly string[],
): Promise<void> {
  const waiting = [...compilations];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { source, object, flags } = next;
      const key = contentKey(compiler.command, compiler.version, ...flags, ...headers, readFileSync(source));
      if (isFresh(object, key)) continue;
      mkdirSync(dirname(object), { recursive: true });
      const partial = `${object}.${process.pid}`; // two builds may run at once
      await runCompiler(compiler.command, [...flags, "-c", source, "-o", partial]);
      renameSync(partial, object);
      markFresh(object, key);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** The C library alone: without libstdc++ the addon loads on older systems than the one that built it. */
async function link(compiler: Compiler, objects: readonly string[]): Promise<void> {
  const folder = join(ROOT, "prebuilds", `${process.platform}-${ARCHITECTURE}`);
  mkdirSync(folder, { recursive: true });
  const partial = join(folder, `cloze.node.${process.pid}`);
  const libraries = {
    darwin: ["-bundle", "-undefined", "dynamic_lookup"],
    win32: ["-shared", "-static", ...nodeImportLibraries()],
  }[process.platform as string] ?? ["-shared", "-nodefaultlibs", "-Wl,--gc-sections", "-lc", "-lpthread", "-lgcc"];
  await runCompiler(compiler.command, [...objects, ...libraries, "-o", partial]);
  renameSync(partial, join(folder, "cloze.node")); // who has the old one loaded keeps it
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

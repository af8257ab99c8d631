/**
 * Compiles the kernels and the interpreter to WebAssembly, with clang as WebAssembly (`@yowasp/clang`): no compiler of
 * the system is needed. Four modules into dist/backends/wasm: {simd, relaxed} x {single, shared}. Run by build.ts.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { commands, type Tree } from "@yowasp/clang";
import { contentKey, isFresh, markFresh } from "./build-freshness.ts";
import {
  BUILD_FOLDER,
  COMMON_FLAGS,
  headerFiles,
  KERNEL_FLAGS,
  kernelFiles,
  ROOT,
  readSource,
  WASM_HOST,
  WASM_KERNELS,
} from "./build-sources.ts";

// A compiler is used a few seconds, and then no more: optimising its own code takes a third longer than it saves.
setFlagsFromString("--liftoff-only");

const TARGET = [
  ...["--target=wasm32-unknown-unknown", "-nostdinc++", "-ffreestanding", "-fno-builtin", "-msimd128"],
  ...["-mbulk-memory", "-mmutable-globals", "-mnontrapping-fptoint", "-msign-ext"],
];
const KERNEL_GROUPS = { simd: [], relaxed: ["-mrelaxed-simd"] };
/**
 * Products, where every turn of a loop that is spelled out counts. The other kernels write their vectors themselves:
 * for them the compiler's own unrolling and vectorizing add a fifth to a module that is sent over the network, and no speed.
 */
const UNROLLED = ["attention.cc", "attention_plain.cc", "linear.cc", "multiply.cc", "multiply_words.cc"];
/** A small part of a training step: here -Oz, which leaves out 9 kB more than -Os, matters more than speed. */
const FOR_TRAINING = /_gradient|losses|update|dropout|scatter_rows|sums/;
const THREADING = { single: [], shared: ["-matomics"] };

const STACK_BYTES = 1 << 18;
// --no-check-features: kernels use no atomics, so one compilation of them serves the single and the shared modules.
const LINK = [
  ...[
    "--no-entry",
    "--import-memory",
    "--no-check-features",
    "--gc-sections",
    "--strip-all",
    "--compress-relocations",
    "--export=__stack_pointer",
  ],
  ...["--max-memory=4294967296", `-zstack-size=${STACK_BYTES}`],
];

const headers = Object.fromEntries([
  ...headerFiles().map((name) => [name, readSource(name)]),
  ["opcodes.h", readSource("../build/opcodes.h")],
]) as { [name: string]: string };

/** Objects of these sources, from the build folder or compiled in one call. */
async function compile(group: string, sources: readonly string[], flags: readonly string[]): Promise<Tree> {
  const folder = join(BUILD_FOLDER, "wasm", group);
  mkdirSync(folder, { recursive: true });
  const objects = sources.map((source) => {
    const name = source.replace(/cc$/, "o");
    const key = contentKey(...flags, ...Object.values(headers), readSource(source));
    return { source, name, file: join(folder, name), key };
  });
  const stale = objects.filter(({ file, key }) => !isFresh(file, key));
  if (stale.length > 0) {
    const files = { ...headers, ...Object.fromEntries(stale.map(({ source }) => [source, readSource(source)])) };
    const made = await run("clang++", [...flags, "-c", ...stale.map(({ source }) => source)], files);
    for (const { name, file, key } of stale) {
      writeFileSync(file, made[name] as Uint8Array);
      markFresh(file, key);
    }
  }
  return Object.fromEntries(objects.map(({ name, file }) => [name, new Uint8Array(readFileSync(file))]));
}

async function link(name: string, objects: Tree, flags: readonly string[]): Promise<void> {
  const folder = join(ROOT, "dist", "backends", "wasm");
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `${name}.wasm`);
  const key = contentKey(...flags, ...Object.values(objects).map((object) => object as Uint8Array));
  const keyFile = join(BUILD_FOLDER, "wasm", `${name}.key`);
  if (existsSync(target) && existsSync(keyFile) && readFileSync(keyFile, "utf8") === key) return;
  const made = await run("wasm-ld", [...flags, ...Object.keys(objects), "-o", "module.wasm"], objects);
  writeFileSync(target, made["module.wasm"] as Uint8Array);
  writeFileSync(keyFile, key);
}

async function run(command: "clang++" | "wasm-ld", args: readonly string[], files: Tree): Promise<Tree> {
  const decoder = new TextDecoder();
  let log = "";
  const write = (bytes: Uint8Array | null) => {
    if (bytes !== null) log += decoder.decode(bytes, { stream: true });
  };
  try {
    const made = await commands[command]([...args], files, { stdout: write, stderr: write, fetchProgress: () => {} });
    if (log !== "") console.error(log);
    return made as Tree;
  } catch {
    console.error(log); // what was thrown holds every file it was given, and not this
    process.exit(1);
  }
}

const host = new Map<string, Tree>();
for (const [threading, flags] of Object.entries(THREADING)) {
  host.set(threading, await compile(threading, WASM_HOST, [...TARGET, ...COMMON_FLAGS, "-O2", ...flags]));
}
for (const [set, flags] of Object.entries(KERNEL_GROUPS)) {
  const kernelFlags = [...TARGET, ...COMMON_FLAGS, ...KERNEL_FLAGS, ...flags, `-DCLOZE_ISA=${set}`];
  const others = [...kernelFiles(), WASM_KERNELS].filter((name) => !UNROLLED.includes(name));
  const [training, forward] = [true, false].map((wanted) =>
    others.filter((name) => FOR_TRAINING.test(name) === wanted),
  );
  const kernels = {
    ...(await compile(set, UNROLLED, kernelFlags)),
    ...(await compile(set, forward as string[], [...kernelFlags, "-Os"])),
    ...(await compile(set, training as string[], [...kernelFlags, "-Oz"])),
  };
  for (const [threading, objects] of host) {
    const shared = threading === "shared" ? ["--shared-memory"] : [];
    await link(`${set}-${threading}`, { ...kernels, ...objects }, [...LINK, ...shared]);
  }
}

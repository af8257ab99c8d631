import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { readFiles } from "./read-files.ts";
import { sourceImports } from "./source-imports.ts";

/**
 * The folders of `src/` and the folders right below each: a file imports from its own folder, from those below, and
 * from whatever those may import in turn. ARCHITECTURE.md shows the same table.
 */
const below: Record<string, readonly string[]> = {
  cli: ["server"],
  web: ["server"],
  server: ["search", "training"],
  search: ["tasks"],
  training: ["tasks", "datasets"],
  tasks: ["evaluation", "models"],
  evaluation: ["errors"],
  models: ["nn", "tokenizers", "checkpoints"],
  nn: ["engine"],
  engine: ["backends"],
  backends: ["checkpoints"],
  tokenizers: ["platform"],
  checkpoints: ["platform"],
  datasets: ["platform"],
  platform: ["errors"],
  errors: [],
};

/** Layers that may use Node's own modules; the others go through `#platform`, so that they run in a browser too. */
const nodeLayers = new Set(["platform", "tasks", "search", "training", "server", "cli"]);

/** Packages, and the layers that may import them. */
const packages: Record<string, readonly string[]> = {
  commander: ["cli"],
  "csv-parse": ["datasets"],
  hyparquet: ["datasets"],
  "hyparquet-compressors": ["datasets"],
  re2js: ["tokenizers"],
};

/** `src/index.ts` is the list of public names: it stands above every layer but the programs. */
const indexMayImport = Object.keys(below).filter((layer) => layer !== "cli" && layer !== "web");

/**
 * Holds source files against the table and returns one sentence a fault: an arrow that points up or sideways, a
 * circle of files, a Node module or a package where it does not belong. `files` maps paths below `src/`, with forward
 * slashes, to their text.
 */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, text] of files) {
    const targets: string[] = [];
    for (const { specifier, line } of sourceImports(path, text)) {
      const at = `src/${path}:${line}`;
      if (specifier === undefined) {
        if (layerOf(path) !== "platform") faults.push(`${at} imports a computed path; only platform/ may`);
      } else if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(path), specifier);
        targets.push(target);
        faults.push(...relativeFaults(at, path, target, files));
      } else faults.push(...packageFaults(at, path, specifier));
    }
    edges.set(path, targets);
  }
  return [...faults, ...circles(edges)];
}

function relativeFaults(at: string, path: string, target: string, files: ReadonlyMap<string, string>): string[] {
  if (target.startsWith("../")) {
    const supportOfTests = isTest(path) && target.startsWith("../tests/support/");
    return supportOfTests ? [] : [`${at} imports ${target}, outside src/`];
  }
  if (!files.has(target)) return [`${at} imports src/${target}, which is not there`];
  if (isTest(target)) return [`${at} imports a test file, src/${target}`];
  const from = layerOf(path);
  const to = layerOf(target);
  if (to === "platform" && from !== "platform") return [`${at} imports platform/ by path; write "#platform"`];
  return mayImport(from, to) ? [] : [`${at} imports src/${target}: ${from} may not import ${to}`];
}

function packageFaults(at: string, path: string, specifier: string): string[] {
  const layer = layerOf(path);
  if (isTest(path) && !specifier.startsWith("#")) return [];
  if (specifier === "#platform") {
    return mayImport(layer, "platform") ? [] : [`${at} imports #platform: ${layer} may not import platform`];
  }
  if (specifier.startsWith("node:")) {
    return nodeLayers.has(layer) ? [] : [`${at} imports ${specifier}: below tasks/ use #platform`];
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return packages[name]?.includes(layer) ? [] : [`${at} imports the package ${name}: not listed for ${layer}`];
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === "index") return indexMayImport.includes(to);
  return (below[from] ?? []).some((next) => mayImport(next, to));
}

/** The first folder of a path; a file directly in `src/` is a layer of its own name. */
function layerOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/(\.test)?\.ts$/, "");
}

function isTest(path: string): boolean {
  return /\.test\.ts$/.test(path);
}

/** Files that import each other in a circle, one sentence a circle, found depth first. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    if (finished.has(path)) return;
    const start = trail.indexOf(path);
    if (start >= 0) {
      faults.push(`files import each other in a circle: ${[...trail.slice(start), path].join(" -> ")}`);
      return;
    }
    trail.push(path);
    for (const next of edges.get(path) ?? []) visit(next);
    trail.pop();
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path);
  return faults;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const sources = [...readFiles(root, ["src"], /\.tsx?$/)].map(
    ([path, text]) => [path.slice("src/".length), text] as const,
  );
  const faults = checkLayers(new Map(sources));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Writing a model folder so that a reader finds the old one or the whole new one, also after a crash. */
import {
  type ByteSource,
  joinPath,
  listFolder,
  makeFolder,
  movePath,
  openFile,
  partialName,
  pathKind,
  removePath,
  writeFile,
  writeTextFile,
} from "#platform";
import { InputError } from "../errors.ts";
import { writeSafetensors } from "./safetensors-write.ts";
import { shardedIndexText } from "./sharded-index.ts";
import { byteLength, type StoredTensor } from "./stored-types.ts";

/** One safetensors file to write. */
export interface WeightFileContent {
  readonly name: string;
  readonly tensors: readonly StoredTensor[];
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  readonly order?: "reference" | "given" | undefined;
}

/** All that a model folder is made of. */
export interface RepositoryContent {
  /** The text of `config.json`. */
  readonly configText: string;
  /** One file, or several, which then get an index. */
  readonly weightFiles: readonly WeightFileContent[];
  /** Weights of modules beside the model, which no index tells of; a name may have folders in it. */
  readonly moduleFiles?: readonly WeightFileContent[] | undefined;
  /** The index's text when it stays as it was. Default: written anew for several files. */
  readonly indexText?: string | undefined;
  /** Files with a text of their own, such as `modules.json`; a name may have folders in it. */
  readonly texts?: { readonly [name: string]: string } | undefined;
  /** Files and folders to copy: their path, and their name in the new folder. */
  readonly copies?: readonly { readonly from: string; readonly name: string }[] | undefined;
}

const INDEX = "model.safetensors.index.json";
/** Weights of the folder that is replaced: left behind, a reader might take them for the model's. */
const WEIGHTS =
  /^(?:model(?:-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|pytorch_model.*\.(?:bin|index\.json))$/;
const COPY_BYTES = 2 ** 22;

/**
 * Writes a folder beside its place and renames it. Into a folder that is there already its files are renamed one by one,
 * weights first; files of other names stay.
 *
 * @throws InputError when a file stands at the folder's place.
 */
export function saveRepository(folder: string, content: RepositoryContent): void {
  const kind = pathKind(folder);
  if (kind === "file" || kind === "other")
    throw new InputError(`Cannot save to "${folder}": there is a ${kind} of that name.`);
  const partial = partialName(folder);
  try {
    writeContent(partial, content);
    if (kind === "missing") movePath(partial, folder);
    else replaceFiles(partial, folder);
  } finally {
    removePath(partial);
  }
}

function writeContent(folder: string, content: RepositoryContent): void {
  makeFolder(folder);
  const { weightFiles, configText, indexText } = content;
  for (const { name, tensors, ...options } of weightFiles) writeSafetensors(joinPath(folder, name), tensors, options);
  const texts = { ...content.texts, "config.json": configText };
  for (const [name, text] of Object.entries(texts)) writeText(folder, name, text);
  if (weightFiles.length > 1) writeText(folder, INDEX, indexText ?? indexOf(weightFiles));
  for (const { from, name } of content.copies ?? []) copyPath(from, joinPath(folder, name));
  for (const { name, tensors, ...options } of content.moduleFiles ?? []) {
    makeFolder(joinPath(folder, name, ".."));
    writeSafetensors(joinPath(folder, name), tensors, options);
  }
}

function writeText(folder: string, name: string, text: string): void {
  const file = joinPath(folder, name);
  makeFolder(joinPath(file, ".."));
  writeTextFile(file, text);
}

function indexOf(files: readonly WeightFileContent[]): string {
  const tensors = files.flatMap((file) => file.tensors);
  const total = tensors.reduce((sum, { type, shape }) => sum + byteLength(type, shape), 0);
  return shardedIndexText(
    files.map(({ name, tensors: own }) => ({ name, tensors: own.map((tensor) => tensor.name) })),
    total,
  );
}

function replaceFiles(from: string, folder: string): void {
  const names = listFolder(from);
  const stale = listFolder(folder).filter((name) => WEIGHTS.test(name) && !names.includes(name));
  const isWeights = (name: string) => (WEIGHTS.test(name) ? 0 : 1);
  for (const name of names.sort((a, b) => isWeights(a) - isWeights(b))) {
    const [source, target] = [joinPath(from, name), joinPath(folder, name)];
    if (pathKind(source) === "folder" && pathKind(target) === "folder") replaceFiles(source, target);
    else movePath(source, target);
  }
  for (const name of stale) removePath(joinPath(folder, name));
}

function copyPath(from: string, to: string): void {
  if (pathKind(from) === "folder") {
    makeFolder(to);
    for (const name of listFolder(from)) copyPath(joinPath(from, name), joinPath(to, name));
    return;
  }
  makeFolder(joinPath(to, ".."));
  writeFile(to, chunksOf(openFile(from)));
}

function* chunksOf(source: ByteSource): Generator<Uint8Array> {
  for (let start = 0; start < source.size; start += COPY_BYTES) {
    yield source.read(start, Math.min(COPY_BYTES, source.size - start));
  }
}

/** Which files of a repository a model needs: configuration, tokenizer, modules and one set of weights. */
import { CheckpointError } from "../../errors.ts";

/** Looked for in a repository's root; where one is not, its absence is noted in the cache. */
export const ROOT_FILES: readonly string[] = [
  "config.json",
  "modules.json",
  "config_sentence_transformers.json",
  "sentence_bert_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

/** What tokenizers are made of besides; a repository has those of its own kind. */
export const VOCABULARIES: readonly string[] = [
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "spiece.model",
  "spm.model",
  "sentencepiece.bpe.model",
  "sentencepiece.model",
  "tokenizer.model",
];

/** Older names of sentence_bert_config.json, one a family. */
const OLD_CONFIG = /^sentence_[a-z]+_config\.json$/;

const SAFETENSORS_INDEX = "model.safetensors.index.json";
const PYTORCH_INDEX = "pytorch_model.bin.index.json";

/** Everything but weights, in one folder of a repository; "" is its root. */
export function chooseSmallFiles(names: readonly string[], folder: string): string[] {
  return namesIn(names, folder)
    .filter((name) => ROOT_FILES.includes(name) || VOCABULARIES.includes(name) || OLD_CONFIG.test(name))
    .map((name) => inFolder(folder, name));
}

/**
 * The weights in one folder, in the order in which `Checkpoint` looks for them: an index alone where they lie in several
 * files, which it names. Empty where there are none; exports to ONNX, TensorFlow, Flax and the like are never chosen.
 */
export function chooseWeights(names: readonly string[], folder: string): { files: string[]; index?: string } {
  const here = namesIn(names, folder);
  const one = (name: string) => ({ files: [inFolder(folder, name)] });
  const several = (name: string) => ({ files: [], index: inFolder(folder, name) });
  if (here.includes("model.safetensors")) return one("model.safetensors");
  if (here.includes(SAFETENSORS_INDEX)) return several(SAFETENSORS_INDEX);
  const others = here.filter((name) => name.endsWith(".safetensors") && !name.startsWith("adapter_"));
  if (others.length === 1) return one(others[0]!);
  if (here.includes("pytorch_model.bin")) return one("pytorch_model.bin");
  if (here.includes(PYTORCH_INDEX)) return several(PYTORCH_INDEX);
  return { files: [] };
}

/** @throws CheckpointError telling what lies there instead of weights. */
export function noWeights(names: readonly string[], id: string): CheckpointError {
  const others = names.filter((name) => /\.(?:onnx|h5|msgpack|gguf|ot|bin|pt|ckpt|tflite|safetensors)$/.test(name));
  const what = others.length === 0 ? "none" : others.slice(0, 5).join(", ");
  return new CheckpointError(
    `"${id}" has no weights that are read: expected model.safetensors or pytorch_model.bin, got ${what}.`,
  );
}

/** Plain names of the files right in a folder. */
function namesIn(names: readonly string[], folder: string): string[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !name.includes("/"));
}

function inFolder(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

import type { JsonObject } from "../checkpoints/json-files.ts";
import { ConfigError } from "../errors.ts";
import { albert } from "./albert.ts";
import type { Architecture } from "./architecture.ts";
import { bert } from "./bert.ts";
import { convbert } from "./convbert.ts";
import { deberta } from "./deberta.ts";
import { debertaV2 } from "./deberta-v2.ts";
import { distilbert } from "./distilbert.ts";
import { electra } from "./electra.ts";
import { ernie } from "./ernie.ts";
import { esm } from "./esm.ts";
import { eurobert } from "./eurobert.ts";
import { fnet } from "./fnet.ts";
import { gte, gteNew } from "./gte.ts";
import { jinaBertV2, jinaBertV2Code } from "./jina-bert-v2.ts";
import { jinaEmbeddingsV3 } from "./jina-embeddings-v3.ts";
import { luke } from "./luke.ts";
import { megatronBert } from "./megatron-bert.ts";
import { mobilebert } from "./mobilebert.ts";
import { modernbert } from "./modernbert.ts";
import { mpnet } from "./mpnet.ts";
import { neobert } from "./neobert.ts";
import { nomicBert } from "./nomic-bert.ts";
import { rembert } from "./rembert.ts";
import { camembert, data2vecText, roberta, xlmRoberta } from "./roberta.ts";
import { robertaPreLayerNorm, xlmRobertaXl } from "./roberta-pre-norm.ts";
import { roformer } from "./roformer.ts";
import { squeezebert } from "./squeezebert.ts";

/** Every architecture, in the order in which a config is tried: those that look at more than `model_type` first. */
export const ARCHITECTURES: readonly Architecture[] = [
  jinaBertV2Code,
  jinaBertV2,
  bert,
  roberta,
  albert,
  ernie,
  distilbert,
  electra,
  xlmRoberta,
  camembert,
  data2vecText,
  mpnet,
  deberta,
  debertaV2,
  modernbert,
  nomicBert,
  gte,
  gteNew,
  jinaEmbeddingsV3,
  eurobert,
  roformer,
  megatronBert,
  rembert,
  robertaPreLayerNorm,
  xlmRobertaXl,
  esm,
  fnet,
  luke,
  mobilebert,
  convbert,
  squeezebert,
  neobert,
];

/**
 * The architecture of a checkpoint, by its config and the names of its tensors.
 *
 * @throws ConfigError naming the nearest supported architecture when none matches.
 */
export function findArchitecture(
  json: JsonObject,
  tensorNames: ReadonlySet<string>,
  file = "config.json",
): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.matches(json, tensorNames));
  if (found !== undefined) return found;
  const type = json.model_type;
  const names = ARCHITECTURES.map(({ name }) => name);
  if (typeof type !== "string") {
    throw new ConfigError(
      `${file}: model_type is missing, and nothing else tells the architecture; known: ${names.join(", ")}.`,
    );
  }
  throw new ConfigError(
    `${file}: model_type is "${type}", which is not supported; the nearest that is: "${nearest(type, names)}".`,
  );
}

/** The name that takes the fewest changed letters to reach. */
function nearest(name: string, known: readonly string[]): string {
  const distance = new Map(known.map((other) => [other, editDistance(name, other)]));
  return known.toSorted((a, b) => (distance.get(a) as number) - (distance.get(b) as number))[0] as string;
}

/** Letters to insert, delete or replace on the way from a to b. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

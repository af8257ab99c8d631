import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LETTER_VOCABULARY } from "../tests/support/letter-vocabulary.ts";
import { type MockHub, type RepositoryFiles, startMockHub } from "../tests/support/mock-hub.ts";

const fixtures = fileURLToPath(new URL("../tests/golden/fixtures", import.meta.url));
const goldens = join(
  process.env.CLOZE_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url)),
  "goldens/models",
);

/** Tiny models of the same task in the place of the published ones that pages name. */
const STAND_INS: { readonly [id: string]: string } = {
  "BAAI/bge-small-en-v1.5": join(fixtures, "bert"),
  "LIAMF-USP/roberta-large-finetuned-race": join(goldens, "bert/a/choice"),
  "google-bert/bert-base-uncased": join(goldens, "bert/a/nsp"),
  "google/electra-base-discriminator": join(goldens, "electra/a/pretraining"),
};

/** A hub on this machine that has every model that the pages name, as far as the goldens are there. */
export async function startStandInHub(): Promise<MockHub> {
  const hub = await startMockHub({});
  const here = Object.entries(STAND_INS).filter(([, folder]) => existsSync(folder));
  hub.others = Object.fromEntries(here.map(([id, folder]) => [id, readModel(folder)]));
  return hub;
}

/** The first id of a snippet that the hub ought to have and has not. */
export function missingModel(hub: MockHub, code: string): string | undefined {
  return Object.keys(STAND_INS).find((id) => code.includes(id) && hub.others[id] === undefined);
}

function readModel(folder: string): RepositoryFiles {
  const read = (name: string) => readFileSync(join(folder, name));
  return {
    "config.json": read("config.json"),
    "model.safetensors": read("model.safetensors"),
    "vocab.txt": LETTER_VOCABULARY.join("\n"),
    "tokenizer_config.json": JSON.stringify({ tokenizer_class: "BertTokenizer" }),
  };
}

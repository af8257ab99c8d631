import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gaussian, seedOf } from "../src/backends/random.ts";
import { writeSafetensors } from "../src/checkpoints/safetensors-write.ts";
import { memoryTensor, type StoredTensor } from "../src/checkpoints/stored-types.ts";

/**
 * Writes examples/models: BERTs of 16 numbers a token that know a few hundred words and do a little of each task, so that
 * every command has something to run on. Nothing in them was trained: a word's numbers say whether it praises, blames,
 * names a person or a place, or denies; the one layer adds to each token the mean of its text; a head reads the sums. The
 * rest of the numbers is noise from a seed, so the script writes the same files again.
 */
const FOLDER = fileURLToPath(new URL("../examples/models", import.meta.url));
const SEED = 7;
const SIZE = 16;
const POSITIONS = 256;

/** What the first numbers of a token say. */
const MEANINGS = ["praise", "blame", "person", "place", "denial"] as const;
type Meaning = (typeof MEANINGS)[number];
/** The last two numbers are the same in all tokens, and so large that norms leave the others in proportion. */
const LEVEL = 8;
const STRENGTH = 3;
/** What the word head's norm makes of a column that says nothing: the level, through gelu, moves the mean. */
const NOTHING = -0.258;

const WORDS: { readonly [meaning in Meaning | "plain"]: string } = {
  praise:
    "good great best better nice fine love loved loves lovely beautiful wonderful excellent amazing brilliant charming " +
    "fun funny enjoy enjoyed enjoyable delight delightful perfect perfectly strong warm smart clever moving fresh " +
    "powerful touching gripping honest rich superb stunning compelling engaging entertaining fascinating hilarious " +
    "impressive inspired inspiring remarkable solid success sweet thoughtful worth happy joy pleasure graceful gem",
  blame:
    "bad worst worse poor poorly dull boring bore awful terrible hate hated hates weak flat stupid silly mess waste " +
    "wasted fails failed failure lacks lacking slow tired tedious pointless predictable empty ugly annoying clumsy " +
    "disappointing disappointment disaster forced lame lifeless mediocre shallow sloppy tiresome trite unfunny " +
    "unfortunately wrong problem problems sad pretentious contrived bland cliche ridiculous horrible pathetic",
  person:
    "anna john mary peter paul james david michael robert william george thomas maria sarah emma julia alice bob carol " +
    "smith jones brown johnson miller davis wilson taylor anderson clinton bush obama einstein darwin newton mozart",
  place:
    "paris london berlin rome madrid vienna tokyo beijing moscow washington chicago boston york france germany italy " +
    "spain england britain russia china japan india america europe africa asia australia canada mexico brazil egypt " +
    "israel iraq iran california texas florida",
  denial: "not no never none nothing nobody neither nor without cannot hardly",
  plain:
    "the a an of to and in is it that for on with as was at by this from are be has have had but its he she they we you i " +
    "his her their our who what which when where why how all one two three more most so than then there here out up " +
    "about into over after before new old film movie story man woman people time year day way world life work company " +
    "government market music book song city country said says will would can could may do does did been were very just " +
    "like only also even much many some any other first last long little big small make made see seen go goes live lives " +
    "born capital oil stock game team play plays playing character characters director plot acting comedy drama",
};

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const VOCABULARY = different([
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  ..."!\"#$%&'()*+,-./:;?",
  ...LETTERS,
  ...LETTERS.map((letter) => `##${letter}`),
  ...["##ed", "##ing", "##ly", "##er", "##al"],
  ...Object.values(WORDS).flatMap((words) => words.split(" ")),
]);

function different(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

interface ToyModel {
  readonly name: string;
  readonly className: string;
  readonly labels?: readonly string[];
  /** Tensors besides the encoder's: rows of numbers. */
  readonly head: { readonly [tensor: string]: { readonly shape: readonly number[]; readonly values: Float32Array } };
}

const MODELS: readonly ToyModel[] = [
  {
    name: "sentiment",
    className: "BertForSequenceClassification",
    labels: ["negative", "positive"],
    head: { ...pooler(), ...linear("classifier", [{ blame: 12 }, { praise: 12 }], [0, 0.1]) },
  },
  {
    name: "inference",
    className: "BertForSequenceClassification",
    labels: ["entailment", "neutral", "contradiction"],
    head: { ...pooler(), ...linear("classifier", [{ denial: -12 }, {}, { denial: 12 }], [0.2, 0, -1]) },
  },
  {
    name: "relevance",
    className: "BertForSequenceClassification",
    labels: ["relevant"],
    head: { ...pooler(), ...linear("classifier", [{ praise: 12, place: 12 }], [0]) },
  },
  {
    name: "names",
    className: "BertForTokenClassification",
    labels: ["O", "I-PER", "I-LOC"],
    head: linear("classifier", [{}, { person: 24 }, { place: 24 }], [4, 0, 0]),
  },
  {
    name: "answers",
    className: "BertForQuestionAnswering",
    head: linear(
      "qa_outputs",
      [
        { place: 24, person: 12 },
        { place: 24, person: 12 },
      ],
      [0, 0],
    ),
  },
  { name: "words", className: "BertForMaskedLM", head: wordHead() },
];

/** A linear layer of one row a label, that reads meanings. */
function linear(name: string, rows: readonly { readonly [M in Meaning]?: number }[], bias: readonly number[]) {
  const weight = new Float32Array(rows.length * SIZE);
  rows.forEach((row, i) => {
    for (const [meaning, factor] of Object.entries(row))
      weight[i * SIZE + MEANINGS.indexOf(meaning as Meaning)] = factor;
  });
  return {
    [`${name}.weight`]: { shape: [rows.length, SIZE], values: weight },
    [`${name}.bias`]: { shape: [rows.length], values: Float32Array.from(bias) },
  };
}

/** A long text says little a token: the pooler makes much of it. */
function pooler() {
  return square("bert.pooler.dense", 8);
}

function wordHead() {
  const bias = new Float32Array(VOCABULARY.length);
  // Words rather than letters and signs.
  VOCABULARY.forEach((token, i) => {
    bias[i] = /^[a-z]{2,}$/.test(token) ? 0 : -8;
  });
  return {
    ...square("cls.predictions.transform.dense", 4),
    ...norm(
      "cls.predictions.transform.LayerNorm",
      (column) => (column < MEANINGS.length ? 20 : column < SIZE - 2 ? 1 : 0),
      NOTHING,
    ),
    "cls.predictions.bias": { shape: [VOCABULARY.length], values: bias },
  };
}

/** `factor` times the identity. */
function square(name: string, factor: number) {
  const weight = new Float32Array(SIZE * SIZE);
  for (let i = 0; i < SIZE; i++) weight[i * SIZE + i] = factor;
  return {
    [`${name}.weight`]: { shape: [SIZE, SIZE], values: weight },
    [`${name}.bias`]: { shape: [SIZE], values: new Float32Array(SIZE) },
  };
}

/** `factor` tells what a column is multiplied by; with `nothing` that value becomes 0. Default: 1, and 0. */
function norm(name: string, factor: (column: number) => number = () => 1, nothing = 0) {
  const columns = Array.from({ length: SIZE }, (_, column) => factor(column));
  return {
    [`${name}.weight`]: { shape: [SIZE], values: Float32Array.from(columns) },
    [`${name}.bias`]: { shape: [SIZE], values: Float32Array.from(columns, (by) => -by * nothing) },
  };
}

function encoder(): ToyModel["head"] {
  const layer = "bert.encoder.layer.0";
  const zeros = (...shape: number[]) => ({ shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
  return {
    "bert.embeddings.word_embeddings.weight": { shape: [VOCABULARY.length, SIZE], values: wordVectors() },
    "bert.embeddings.position_embeddings.weight": zeros(POSITIONS, SIZE),
    "bert.embeddings.token_type_embeddings.weight": zeros(2, SIZE),
    ...norm("bert.embeddings.LayerNorm"),
    ...square(`${layer}.attention.self.query`, 0), // all tokens are looked at alike
    ...square(`${layer}.attention.self.key`, 0),
    ...square(`${layer}.attention.self.value`, 1),
    ...square(`${layer}.attention.output.dense`, 1),
    ...norm(`${layer}.attention.output.LayerNorm`),
    ...square(`${layer}.intermediate.dense`, 0),
    ...square(`${layer}.output.dense`, 0),
    ...norm(`${layer}.output.LayerNorm`),
  };
}

function wordVectors(): Float32Array {
  const meanings = new Map(
    MEANINGS.flatMap((meaning, column) => WORDS[meaning].split(" ").map((word) => [word, column] as const)),
  );
  const vectors = new Float32Array(VOCABULARY.length * SIZE);
  VOCABULARY.forEach((token, i) => {
    const row = vectors.subarray(i * SIZE, (i + 1) * SIZE);
    const noise = seedOf(SEED, token);
    for (let column = MEANINGS.length; column < SIZE - 2; column++) row[column] = 0.5 * gaussian(noise, column);
    const meaning = meanings.get(token);
    if (meaning !== undefined) row[meaning] = STRENGTH;
    row[SIZE - 2] = LEVEL;
    row[SIZE - 1] = -LEVEL;
  });
  return vectors;
}

function config({ className, labels }: ToyModel): object {
  return {
    architectures: [className],
    model_type: "bert",
    vocab_size: VOCABULARY.length,
    hidden_size: SIZE,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    intermediate_size: SIZE,
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: POSITIONS,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...(labels && {
      id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
      label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    }),
  };
}

for (const model of MODELS) {
  const folder = join(FOLDER, model.name);
  mkdirSync(folder, { recursive: true });
  const tensors: StoredTensor[] = Object.entries({ ...encoder(), ...model.head }).map(([name, { shape, values }]) =>
    memoryTensor(name, shape, values),
  );
  writeSafetensors(join(folder, "model.safetensors"), tensors);
  const tokenizer = { tokenizer_class: "BertTokenizer", do_lower_case: true, model_max_length: POSITIONS };
  writeFileSync(join(folder, "config.json"), `${JSON.stringify(config(model), undefined, 2)}\n`);
  writeFileSync(join(folder, "tokenizer_config.json"), `${JSON.stringify(tokenizer, undefined, 2)}\n`);
  writeFileSync(join(folder, "vocab.txt"), `${VOCABULARY.join("\n")}\n`);
}

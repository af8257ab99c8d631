/**
 * What a user's compiler sees of the package as it is built: inferred types, overloads, mistakes that must not compile.
 * Compiled by `npm run check`, never run.
 */
import {
  type BackendName,
  type Classification,
  Classifier,
  ClozeError,
  Embedder,
  type EmbeddingDetail,
  InputError,
  type Progress,
  type Ranked,
  Reranker,
  SparseEmbedder,
  Tokenizer,
  type TokenWeight,
  ZeroShotClassifier,
} from "cloze";
import { Checkpoint, Safetensors, writeSafetensors } from "cloze/checkpoints";
import { buildProgram, Graph, linear, type Program, ZEROS } from "cloze/engine";
import { ARCHITECTURES, type Architecture, loadModel } from "cloze/models";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Equal<Actual, Expected>): void => {};
}

const embedder = await Embedder.load("folder", { backend: "wasm", threads: 2, maxLength: 128, dimensions: 256 });
await Embedder.load();
// @ts-expect-error - no such backend
await Embedder.load("folder", { backend: "cuda" });
// @ts-expect-error - no such option
await Embedder.load("folder", { treads: 2 });

expectType<Float32Array>()(await embedder.embed("one"), true);
expectType<Float32Array[]>()(await embedder.embed(["one", "two"]), true);
expectType<EmbeddingDetail>()(await embedder.embed("one", { detail: true }), true);
expectType<EmbeddingDetail[]>()(await embedder.embed(["one"], { detail: true, prompt: "query" }), true);

async function* lines(): AsyncGenerator<string> {
  yield "one";
}
for await (const embedding of embedder.embed(lines())) expectType<Float32Array>()(embedding, true);
// @ts-expect-error - numbers are not texts
embedder.embed([1, 2]);
// @ts-expect-error - no such strategy
await embedder.embed("one", { truncation: "cut" });
expectType<number>()(embedder.similarity(new Float32Array(3), [1, 2, 3]), true);
await embedder.embed(["one"], {
  signal: new AbortController().signal,
  onProgress: ({ phase, done, total, unit, perSecond }: Progress) => {
    expectType<string>()(phase, true);
    expectType<string>()(unit, true);
    expectType<number>()(done + perSecond, true);
    expectType<number | undefined>()(total, true);
  },
});
expectType<BackendName>()(embedder.backend.name, true);
const disposable: AsyncDisposable = embedder;
await disposable[Symbol.asyncDispose]();

const classifier = await Classifier.load("folder", { threads: 2 });
expectType<Classification>()(await classifier.classify({ text: "one", pair: "two" }, { truncation: "window" }), true);
expectType<Classification[]>()(await classifier.classify(["one", { text: "a", pair: "b" }], { top: 2 }), true);
expectType<number>()((await classifier.classify("one", { detail: true })).droppedCharacters, true);
for await (const { label } of classifier.classify(lines())) expectType<string>()(label, true);
// @ts-expect-error - no such activation
await classifier.classify("one", { activation: "tanh" });
// @ts-expect-error - half a pair
await classifier.classify({ text: "one" });
const zeroShot = await ZeroShotClassifier.load("folder", { entailment: "yes" });
expectType<Classification[]>()(await zeroShot.classify(["one"], ["a", "b"], { multiLabel: true }), true);
// @ts-expect-error - labels are needed
await zeroShot.classify("one");
expectType<Ranked[]>()(await (await Reranker.load("folder")).rank("query", lines(), { top: 3 }), true);
const sparse = await SparseEmbedder.load("folder");
expectType<(readonly TokenWeight[])[]>()(await sparse.embed(["one"]), true);

const tokenizer = await Tokenizer.load("folder");
const encoding = tokenizer.encode("a text", { pair: "another", maxLength: 16, truncation: "only-second", stride: 4 });
expectType<Int32Array>()(encoding.ids, true);
expectType<string[]>()(encoding.tokens, true);
expectType<[start: number, end: number][]>()(encoding.offsets, true);
expectType<string>()(tokenizer.decode(encoding.ids, { skipSpecial: true }), true);

const error: ClozeError = new InputError("what failed");
expectType<string>()(error.code, true);
if (error instanceof ClozeError) expectType<ClozeError>()(error, true);

const graph = new Graph();
const x = graph.input("x", ["tokens", 4], "f32");
const program = buildProgram(graph, { y: linear(x, graph.parameter("w", [2, 4], ZEROS)) });
expectType<Program>()(program, true);
// @ts-expect-error - sizes have names of their own
graph.input("x", ["words", 4], "f32");

const architecture: Architecture | undefined = ARCHITECTURES[0];
const { model } = loadModel(Checkpoint.open("folder"), {
  backend: undefined as never,
});
model.close();

export { architecture, Safetensors, writeSafetensors };

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend, Executable } from "../../src/backends/backend.ts";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { BackendError } from "../../src/errors.ts";
import { type BackendForm, runnableForms } from "../support/backends.ts";
import { packTexts, randomTexts, smallEncoder, smallWeights } from "../support/small-encoder.ts";

const small = smallEncoder();
const large = smallEncoder({ hidden: 132, heads: 4, inner: 516, layers: 24 });
const short = packTexts(randomTexts([3, 17]));
const long = packTexts(randomTexts(new Array(20).fill(100))); // a tenth of a second of the large one, or more

const reference: BackendForm = { name: "reference", start: async () => new ReferenceBackend() };
const forms = [...runnableForms(), reference];

describe.each(forms)("$name", ({ name, start }) => {
  let backend: Backend;
  let [quick, slow] = [] as unknown as [Executable, Executable];
  // In plain f64 less takes as long.
  const [slowOne, slowBatch] = name === "reference" ? [small, packTexts(randomTexts([60, 60]))] : [large, long];

  beforeAll(async () => {
    backend = await start();
    quick = compile(backend, small);
    slow = compile(backend, slowOne);
  });
  afterAll(() => backend.close());

  const compile = (on: Backend, program: typeof small) =>
    on.compile(program, on.createParameters(smallWeights(program)));
  const runShort = (executable: Executable) => executable.run(short.inputs, short.sizes);
  const runLong = (signal?: AbortSignal) => slow.run(slowBatch.inputs, slowBatch.sizes, { signal });

  test("runs that overlap give what runs one after another give", async () => {
    const batches = [1, 2, 3, 4, 5, 6].map((seed) => packTexts(randomTexts([seed, 7 * seed, 1], seed)));
    const overlapping = await Promise.all(batches.map(({ inputs, sizes }) => quick.run(inputs, sizes)));
    for (const [i, { inputs, sizes }] of batches.entries()) {
      expect(overlapping[i]).toEqual(await quick.run(inputs, sizes));
    }
  });

  test("changing the inputs after the call changes nothing", async () => {
    const expected = await runShort(quick);
    const ids = Int32Array.from(short.inputs.ids as Int32Array);
    if (name === "reference") return; // reads them in place, as the seam allows
    const running = quick.run({ ...short.inputs, ids }, short.sizes);
    ids.fill(2 ** 30);
    expect(await running).toEqual(expected);
  });

  test("a signal that has aborted starts nothing", async () => {
    const reason = new Error("changed my mind");
    await expect(runLong(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test("an abort ends the run between two steps, with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const runs = Promise.allSettled([runLong(controller.signal), runLong(controller.signal)]); // one runs, one waits
    await new Promise((resolve) => setTimeout(resolve, 10));
    const aborted = performance.now();
    controller.abort(reason);
    expect(await runs).toEqual([1, 2].map(() => ({ status: "rejected", reason })));
    expect(performance.now() - aborted).toBeLessThan(400);
    expect(await runShort(quick)).toHaveProperty("embedding");
  });

  test("the event loop stays free during a run", async () => {
    let turns = 0;
    let longest = 0;
    const started = performance.now();
    let last = started;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      turns += 1;
    }, 2);
    await runLong();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(longest).toBeLessThan((performance.now() - started) / 2);
  });

  test("an id out of range is refused before anything runs", async () => {
    const ids = Int32Array.from(short.inputs.ids as Int32Array);
    ids[5] = 101;
    const refused = quick.run({ ...short.inputs, ids }, short.sizes);
    await expect(refused).rejects.toThrow('Input "ids" holds 101 at index 5; expected 0 ... 100.');
  });

  test("no texts at all are a batch too", async () => {
    const { inputs, sizes } = packTexts([]);
    const { embedding, tokens } = await quick.run(inputs, sizes);
    expect([embedding?.length, tokens?.length]).toEqual([0, 0]);
  });
});

describe.each(runnableForms())("$name, closed", ({ name, start }) => {
  test("a closed backend ends its runs, and refuses new ones", async () => {
    const backend = await start();
    const executable = backend.compile(large, backend.createParameters(smallWeights(large)));
    const running = executable.run(long.inputs, long.sizes).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await backend.close();
    await backend.close();
    expect(await running).toBeInstanceOf(BackendError);
    await expect(executable.run(long.inputs, long.sizes)).rejects.toThrow("closed");
    expect(() => backend.createParameters(smallWeights(small))).toThrow(
      `${name.split(" ")[0]}: this backend is closed.`,
    );
  });

  test("closed parameters close what was compiled against them; runs under way finish", async () => {
    const backend = await start();
    const parameters = backend.createParameters(smallWeights(small));
    const executable = backend.compile(small, parameters);
    expect(parameters.bytes).toBeGreaterThan(0);
    const running = executable.run(short.inputs, short.sizes);
    parameters.close();
    expect(await running).toHaveProperty("embedding");
    await expect(executable.run(short.inputs, short.sizes)).rejects.toThrow("closed");
    expect(() => backend.compile(small, parameters)).toThrow("closed");
    await backend.close();
  });

  test("a tensor that two programs read is stored once", async () => {
    const backend = await start();
    const parameters = backend.createParameters(smallWeights(small));
    const first = backend.compile(small, parameters);
    const bytes = parameters.bytes;
    const second = backend.compile(smallEncoder(), parameters);
    expect(parameters.bytes).toBe(bytes);
    expect(await first.run(short.inputs, short.sizes)).toEqual(await second.run(short.inputs, short.sizes));
    first.close();
    expect(await second.run(short.inputs, short.sizes)).toHaveProperty("tokens");
    await backend.close();
  });
});

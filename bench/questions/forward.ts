import type { Figure } from "../figure.ts";
import type { ForwardReply, ForwardRequest } from "../forward/forward-side.ts";
import { type ForwardSides, type SideName, startForwardSides } from "../forward/forward-sides.ts";
import { prepareBertBase } from "../forward/prepare.ts";
import { forwardOperations, weightCount } from "../forward/shapes.ts";
import { interleave, median, speedup } from "../interleave.ts";
import type { BenchSettings } from "../sides.ts";

const DTYPES = ["f32", "bf16", "int8"] as const;
type Dtype = (typeof DTYPES)[number];

type Comparison = readonly [ours: SideName, theirs: SideName, floor: number];

interface Shape {
  readonly request: ForwardRequest;
  readonly comparisons: readonly Comparison[];
  /** Floors of the share of the peak, in percent, where the shape has them. */
  readonly shares?: Readonly<Record<Dtype, number>>;
}

const BATCHES: readonly Comparison[] = [
  ["cloze f32", "onnxruntime f32", 1],
  ["cloze bf16", "onnxruntime f32", 1.6],
  ["cloze bf16", "PyTorch bf16", 1],
  ["cloze int8", "onnxruntime int8", 1.15],
];
const ONE_TEXT: readonly Comparison[] = [
  ["cloze f32", "onnxruntime f32", 1],
  ["cloze bf16", "PyTorch bf16", 1.54],
  ["cloze int8", "onnxruntime int8", 1],
];

const SHAPES: readonly Shape[] = [
  { request: { texts: 8, tokens: 128, calls: 3 }, comparisons: BATCHES, shares: { f32: 85, bf16: 70, int8: 60 } },
  { request: { texts: 1, tokens: 512, calls: 3 }, comparisons: BATCHES },
  { request: { texts: 32, tokens: 32, calls: 3 }, comparisons: BATCHES },
  { request: { texts: 1, tokens: 16, calls: 25 }, comparisons: ONE_TEXT },
];

/** What hidden states, which are of size 1, may differ by, per kind of number. */
const AGREE: Readonly<Record<Dtype, number>> = { f32: 1e-3, bf16: 0.15, int8: 0.5 };

/**
 * How fast is a whole forward pass of BERT-base (random weights, token ids in, hidden states out) in f32, bf16 and int8,
 * against onnxruntime on its fused graphs, and against PyTorch where Python has it? What share is that of what the
 * machine can multiply, and for one short text of what it can read?
 */
export async function forward({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  prepareBertBase();
  const sides = await startForwardSides(threads);
  const figures: Figure[] = [];
  try {
    for (const shape of SHAPES) figures.push(...(await measure(shape, sides, repeats)));
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()));
  }
  return figures;
}

async function measure(shape: Shape, sides: ForwardSides, repeats: number): Promise<Figure[]> {
  const { request, comparisons, shares } = shape;
  const name = `BERT-base ${request.texts} x ${request.tokens}`;
  await requireSame(name, request, sides);
  const replies: Partial<Record<SideName, ForwardReply[]>> = {};
  const timers = Object.entries(sides).map(([side, { ask }]) => {
    const asked = side === "cloze f32" && request.texts * request.tokens < 64 ? "reading" : "peak";
    const own: ForwardReply[] = [];
    replies[side as SideName] = own;
    const run = async () => {
      const reply = await ask(side.startsWith("cloze") ? { ...request, limit: asked } : request);
      own.push(reply);
      return reply.milliseconds;
    };
    return [side, run] as const;
  });
  const times: Partial<Record<string, number[]>> = await interleave(repeats, Object.fromEntries(timers));
  const figures = comparisons.flatMap(([ours, theirs, floor]): Figure[] => {
    if (times[ours] === undefined || times[theirs] === undefined) return [];
    const { ratio, worst } = speedup(times[theirs], times[ours]);
    const detail = `${median(times[theirs]).toFixed(1)} and ${median(times[ours]).toFixed(1)} ms`;
    return [{ name: `${name}, ${ours.slice(6)} to ${theirs}`, value: ratio, unit: "x", floor, worst, detail }];
  });
  if (shares === undefined)
    return request.tokens < 64 && request.texts === 1 ? [...figures, bandwidth(name, replies)] : figures;
  return [...figures, ...DTYPES.map((dtype) => share(name, request, dtype, replies[`cloze ${dtype}`]!, shares[dtype]))];
}

/** Of the peak right after the calls, at the clock that they ran at. */
function share(
  name: string,
  { texts, tokens }: ForwardRequest,
  dtype: Dtype,
  replies: ForwardReply[],
  floor: number,
): Figure {
  const rate = (forwardOperations(texts, tokens) / median(replies.map((reply) => reply.milliseconds))) * 1000;
  const peak = median(replies.map((reply) => reply.limit!));
  const detail = `${(rate / 1e9).toFixed(0)} of ${(peak / 1e9).toFixed(0)} G/s`;
  return { name: `${name}, ${dtype} of peak`, value: (100 * rate) / peak, unit: "%", floor, detail };
}

/** Every weight is read once, and little else. */
function bandwidth(name: string, replies: Partial<Record<SideName, ForwardReply[]>>): Figure {
  const own = replies["cloze f32"]!;
  const rate = (4 * weightCount() * 1000) / median(own.map((reply) => reply.milliseconds));
  const limit = median(own.map((reply) => reply.limit!));
  const detail = `${(rate / 1e9).toFixed(1)} of ${(limit / 1e9).toFixed(1)} GB/s`;
  return { name: `${name}, f32 of memory`, value: (100 * rate) / limit, unit: "%", floor: 85, detail };
}

/** All sides compute the same states, as near as their numbers allow. */
async function requireSame(name: string, request: ForwardRequest, sides: ForwardSides): Promise<void> {
  let exact: readonly number[] | undefined;
  for (const [side, { ask }] of Object.entries(sides)) {
    const { first } = await ask({ ...request, calls: 1 });
    exact ??= first; // of Cloze in f32
    const difference = first.reduce((most, value, i) => Math.max(most, Math.abs(value - exact![i]!)), 0);
    const agree = AGREE[side.split(" ")[1] as Dtype];
    if (!(difference <= agree))
      throw new Error(`${name}: the states of ${side} differ by ${difference}, expected ${agree} at most`);
  }
}

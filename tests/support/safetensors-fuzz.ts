import fc from "fast-check";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { CheckpointError } from "../../src/errors.ts";
import { safetensorsBytes } from "./safetensors-bytes.ts";

const BYTES = { F64: 8, F32: 4, BF16: 2, F16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;
type Type = keyof typeof BYTES;

/** A tensor as a generated header describes it. */
interface Drawn {
  readonly name: string;
  readonly type: Type;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A file: its tensors in the header's order, and the order of a tensor's three fields. */
interface DrawnFile {
  readonly tensors: readonly Drawn[];
  readonly metadata: readonly (readonly [string, string])[];
  readonly fields: readonly number[];
  readonly space: string;
}

const name = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("__proto__", "constructor", "a.weight", '"', "\\", ""),
);

/** Valid files: tensors that tile their bytes, listed in any order. */
export const validFile: fc.Arbitrary<DrawnFile> = fc
  .record({
    drawn: fc.uniqueArray(
      fc.record({
        name: name.filter((text) => text !== "__metadata__"),
        type: fc.constantFrom(...(Object.keys(BYTES) as Type[])),
        shape: fc.array(fc.nat(3), { maxLength: 4 }),
        rank: fc.nat(),
      }),
      { selector: (tensor) => tensor.name, maxLength: 6 },
    ),
    metadata: fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 3 }),
    fields: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    space: fc.constantFrom("", " ", "\n\t "),
  })
  .map(({ drawn, ...rest }) => {
    let end = 0;
    const tensors = drawn.map(({ rank, ...tensor }) => {
      const begin = end;
      end += tensor.shape.reduce((product, size) => product * size, BYTES[tensor.type]);
      return { ...tensor, begin, end, rank };
    });
    return { ...rest, tensors: tensors.sort((a, b) => a.rank - b.rank) };
  });

/** The header's text, with each tensor's fields in the drawn order. */
function headerText(file: DrawnFile): string {
  const { space } = file;
  const entries = file.tensors.map((tensor) => [tensor.name, tensorText(tensor, file)]);
  if (file.metadata.length > 0) {
    const pairs = file.metadata.map(([key, value]) => `${JSON.stringify(key)}:${space}${JSON.stringify(value)}`);
    entries.push(["__metadata__", `{${pairs.join(`,${space}`)}}`]);
  }
  const members = entries.map(([key, text]) => `${space}${JSON.stringify(key)}${space}:${text}`);
  return `${space}{${members.join(",")}${space}}${space}`;
}

function tensorText({ type, shape, begin, end }: Drawn, { fields, space }: DrawnFile): string {
  const texts = [
    `"dtype":${space}"${type}"`,
    `"shape":[${shape.join(`,${space}`)}]`,
    `"data_offsets":[${begin},${space}${end}]`,
  ];
  return `{${fields.map((field) => texts[field]).join(`${space},`)}}`;
}

function dataBytes({ tensors }: DrawnFile): number {
  return Math.max(0, ...tensors.map(({ end }) => end));
}

/** A valid file is accepted, and its tensors are those that were drawn. */
export function checkValid(file: DrawnFile): void {
  const bytes = safetensorsBytes(headerText(file), dataBytes(file));
  bytes.forEach((_, i) => {
    if (i >= bytes.length - dataBytes(file)) bytes[i] = i & 255;
  });
  const opened = Safetensors.parse(bytes, "m");
  const listed = opened.list();
  if (
    JSON.stringify(listed) !==
    JSON.stringify(file.tensors.map(({ name: own, type, shape }) => ({ name: own, type, shape })))
  ) {
    throw new Error("other tensors than were written");
  }
  const start = bytes.length - dataBytes(file);
  for (const tensor of file.tensors) {
    const expected = bytes.subarray(start + tensor.begin, start + tensor.end);
    if (!Buffer.from(opened.tensor(tensor.name).read()).equals(expected))
      throw new Error(`other bytes in "${tensor.name}"`);
  }
  const metadata = [...(opened.metadata ?? [])];
  if (JSON.stringify(metadata) !== JSON.stringify(file.metadata)) throw new Error("other metadata than was written");
}

/** One fault in a file that has at least one tensor with bytes. */
type Fault = (file: DrawnFile, victim: Drawn, amount: number) => { text: string; data: number };

const changed = (file: DrawnFile, victim: Drawn, change: Partial<Drawn>): string =>
  headerText({
    ...file,
    tensors: file.tensors.map((tensor) => (tensor === victim ? { ...tensor, ...change } : tensor)),
  });

/** Every one makes a valid file invalid by the rules of the reference. */
const FAULTS: { readonly [fault: string]: Fault } = {
  "end moved": (file, v, n) => ({ text: changed(file, v, { end: v.end + n }), data: dataBytes(file) }),
  "begin moved": (file, v, n) => ({ text: changed(file, v, { begin: v.begin + n }), data: dataBytes(file) }),
  "both moved": (file, v, n) => ({
    text: changed(file, v, { begin: v.begin + n, end: v.end + n }),
    data: dataBytes(file),
  }),
  "begin negative": (file, v, n) => ({ text: changed(file, v, { begin: -n }), data: dataBytes(file) }),
  "shape larger": (file, v, n) => ({ text: changed(file, v, { shape: [...v.shape, n + 1] }), data: dataBytes(file) }),
  "shape fractional": (file, v) => ({ text: changed(file, v, { shape: [...v.shape, 1.5] }), data: dataBytes(file) }),
  "a trailing byte": (file, _, n) => ({ text: headerText(file), data: dataBytes(file) + n }),
  "a missing byte": (file) => ({ text: headerText(file), data: dataBytes(file) - 1 }),
  "a name twice": (file, v) => ({
    text: headerText({ ...file, tensors: [...file.tensors, v] }),
    data: dataBytes(file),
  }),
  "trailing text": (file, _, n) => ({ text: `${headerText(file)}${"}{[,a\0"[n % 6]}`, data: dataBytes(file) }),
  "leading text": (file, _, n) => ({ text: `${"}[,a\ufeff"[n % 5]}${headerText(file)}`, data: dataBytes(file) }),
};

export const faultyFile = fc
  .tuple(validFile, fc.constantFrom(...Object.keys(FAULTS)), fc.nat(), fc.integer({ min: 1, max: 9 }))
  .filter(([{ tensors }]) => tensors.some(({ begin, end }) => end > begin))
  .map(([file, fault, pick, amount]) => {
    const filled = file.tensors.filter(({ begin, end }) => end > begin);
    return { fault, ...FAULTS[fault]!(file, filled[pick % filled.length]!, amount) };
  });

/** A faulty file is refused, with a CheckpointError. */
export function checkFaulty({ fault, text, data }: { fault: string; text: string; data: number }): void {
  if (isAccepted(safetensorsBytes(text, data))) throw new Error(`accepted: ${fault}`);
}

/** Bytes of a valid file with some changed, cut off or added: read or refused. What is accepted obeys the rules. */
export const damagedBytes = fc
  .tuple(validFile, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.integer({ min: -9, max: 9 }))
  .map(([file, changes, growth]) => {
    const bytes = safetensorsBytes(headerText(file), dataBytes(file));
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const resized = new Uint8Array(Math.max(0, bytes.length + growth));
    resized.set(bytes.subarray(0, resized.length));
    return resized;
  });

export function checkDamaged(bytes: Uint8Array): void {
  if (!isAccepted(bytes)) return;
  const listed = Safetensors.parse(bytes, "m").list();
  const sizes = listed.map(({ type, shape }) =>
    shape.reduce((product, size) => product * size, BYTES[type as Type] ?? NaN),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (!Number.isNaN(total) && total !== bytes.length - 8 - header)
    throw new Error("accepted without covering the file");
}

function isAccepted(bytes: Uint8Array): boolean {
  try {
    Safetensors.parse(bytes, "m");
    return true;
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}

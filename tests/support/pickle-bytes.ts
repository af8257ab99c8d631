/** Builders of pickles and PyTorch files, for the tests of their reader. Opcodes: CPython, Lib/pickletools.py. */

const encoder = new TextEncoder();

export function ascii(text: string): number[] {
  return [...encoder.encode(text)];
}

export function text(value: string): number[] {
  const bytes = ascii(value);
  return [...ascii("X"), ...littleEndian(bytes.length, 4), ...bytes];
}

export function int(value: number): number[] {
  return [...ascii("J"), ...littleEndian(value, 4)];
}

export function tuple(...items: number[][]): number[] {
  return [...ascii("("), ...items.flat(), ...ascii("t")];
}

export function global(module: string, name: string): number[] {
  return ascii(`c${module}\n${name}\n`);
}

export function call(callee: number[], ...given: number[][]): number[] {
  return [...callee, ...tuple(...given), ...ascii("R")];
}

/** A tensor of floats: `elements` in the storage `key`. */
export function tensor(
  key: string,
  elements: number,
  shape: readonly number[],
  options: { offset?: number; strides?: readonly number[]; storageType?: string; view?: number[] } = {},
): number[] {
  const { offset = 0, storageType = "FloatStorage", view } = options;
  const strides = options.strides ?? shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const id = [text("storage"), global("torch", storageType), text(key), text("cpu"), int(elements)];
  const storage = [...tuple(...id, ...(view ? [view] : [])), ...ascii("Q")];
  const hooks = call(global("collections", "OrderedDict"));
  const sizes = (values: readonly number[]) => tuple(...values.map(int));
  return call(
    global("torch._utils", "_rebuild_tensor_v2"),
    storage,
    int(offset),
    sizes(shape),
    sizes(strides),
    [0x89],
    hooks,
  );
}

export function dictionary(entries: readonly (readonly [number[], number[]])[]): number[] {
  return [...ascii("}("), ...entries.flat(2), ...ascii("u")];
}

export function pickle(value: number[]): number[] {
  return [0x80, 2, ...value, ...ascii(".")];
}

interface Member {
  readonly name: string;
  readonly bytes: readonly number[] | Uint8Array;
  /** 0: stored. */
  readonly method?: number;
  readonly flags?: number;
}

/** A zip archive of these members, as PyTorch lays it out; CRCs are left 0, and nothing reads them. */
export function zip(members: readonly Member[], options: { zip64?: boolean; comment?: string } = {}): Uint8Array {
  const local: number[] = [];
  const central: number[] = [];
  for (const { name, bytes, method = 0, flags = 0 } of members) {
    const at = local.length;
    const sizes = [...littleEndian(bytes.length, 4), ...littleEndian(bytes.length, 4)];
    const head = [...littleEndian(flags, 2), ...littleEndian(method, 2), ...Array<number>(8).fill(0)];
    local.push(...ascii("PK\x03\x04"), 0, 0, ...head, ...sizes, ...littleEndian(name.length, 2), 4, 0);
    local.push(...ascii(name), ...ascii("FB"), 0, 0, ...bytes);
    const wide =
      options.zip64 === true
        ? [...littleEndian(1, 2), 24, 0, ...[bytes.length, bytes.length, at].flatMap(wideNumber)]
        : [];
    const narrow = options.zip64 === true ? Array<number>(8).fill(0xff) : sizes;
    central.push(...ascii("PK\x01\x02"), 0, 0, 0, 0, ...head, ...narrow, ...littleEndian(name.length, 2));
    central.push(...littleEndian(wide.length, 2), ...Array<number>(10).fill(0));
    central.push(
      ...(options.zip64 === true ? Array<number>(4).fill(0xff) : littleEndian(at, 4)),
      ...ascii(name),
      ...wide,
    );
  }
  return Uint8Array.from([...local, ...central, ...zipEnd(members.length, central.length, local.length, options)]);
}

function zipEnd(count: number, size: number, start: number, options: { zip64?: boolean; comment?: string }): number[] {
  const comment = ascii(options.comment ?? "");
  const narrow = options.zip64 === true ? [0xffff, 0xffffffff, 0xffffffff] : [count, size, start];
  const end = [...ascii("PK\x05\x06"), 0, 0, 0, 0, ...littleEndian(narrow[0]!, 2), ...littleEndian(narrow[0]!, 2)];
  end.push(
    ...littleEndian(narrow[1]!, 4),
    ...littleEndian(narrow[2]!, 4),
    ...littleEndian(comment.length, 2),
    ...comment,
  );
  if (options.zip64 !== true) return end;
  const wide = [...ascii("PK\x06\x06"), ...wideNumber(44), ...Array<number>(12).fill(0)];
  wide.push(...wideNumber(count), ...wideNumber(count), ...wideNumber(size), ...wideNumber(start));
  const locator = [...ascii("PK\x06\x07"), 0, 0, 0, 0, ...wideNumber(start + size), 1, 0, 0, 0];
  return [...wide, ...locator, ...end];
}

/** The file of a state dict, with its storages by key. */
export function pytorchZip(
  entries: readonly (readonly [string, number[]])[],
  storages: { readonly [key: string]: Float32Array },
  options: { zip64?: boolean; comment?: string; byteOrder?: string } = {},
): Uint8Array {
  const value = dictionary(entries.map(([name, bytes]) => [text(name), bytes] as const));
  const data = Object.entries(storages).map(([key, values]) => ({
    name: `model/data/${key}`,
    bytes: new Uint8Array(values.buffer),
  }));
  const order = { name: "model/byteorder", bytes: ascii(options.byteOrder ?? "little") };
  return zip([{ name: "model/data.pkl", bytes: pickle(value) }, order, ...data], options);
}

/** The layout of PyTorch before 1.6: pickles, then each storage with its length. */
export function oldPytorchFile(
  entries: readonly (readonly [string, number[]])[],
  storages: { readonly [key: string]: Float32Array },
): Uint8Array {
  const magic = pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
  const value = dictionary(entries.map(([name, bytes]) => [text(name), bytes] as const));
  const machine = dictionary([[text("little_endian"), [0x88]]]);
  const keys = [...ascii("]("), ...Object.keys(storages).flatMap(text), ...ascii("e")];
  const pickles = [magic, pickle([...ascii("M"), 0xe9, 3]), pickle(machine), pickle(value), pickle(keys)].flat();
  const data = Object.values(storages).flatMap((values) => [
    ...wideNumber(values.length),
    ...new Uint8Array(values.buffer),
  ]);
  return Uint8Array.from([...pickles, ...data]);
}

function littleEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
}

function wideNumber(value: number): number[] {
  return littleEndian(value, 8);
}

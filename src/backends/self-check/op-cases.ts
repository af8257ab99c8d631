import type { Dtype, Shape } from "../backend.ts";
import { ACTIVATIONS, POOLINGS, PRECISIONS, type Precision } from "../op-table.ts";
import { attentionCases, plainAttentionCases } from "./attention-cases.ts";
import { ODD } from "./odd-sizes.ts";
import { type OpCase, OperandMaker, packed } from "./operand-maker.ts";
import type { Operand } from "./single-step.ts";
import { trainingCases } from "./training-cases.ts";

/** Cases for every operation of the op table, the same in every run. */
export function opCases(): OpCase[] {
  const make = new OperandMaker(1);
  return [
    ...linearCases(make),
    ...trainedCases(make),
    ...narrowCases(make),
    ...matmulCases(make),
    ...embeddingCases(make),
    ...elementwiseCases(make),
    ...normCases(make),
    ...rotaryCases(make),
    ...attentionCases(make),
    ...plainAttentionCases(make),
    ...textCases(make),
    ...rowCases(make),
    ...trainingCases(make),
  ];
}

function linearCases(make: OperandMaker): OpCase[] {
  const plain = ([1, 3, 17, 67] as const).flatMap((rows) =>
    ODD.flatMap((inner) =>
      ([17, 129] as const).map((columns) =>
        linearCase(make, { rows, inner, columns, layout: "packed", activation: "none", bias: true, residual: false }),
      ),
    ),
  );
  const epilogues = ACTIVATIONS.flatMap((activation) =>
    [false, true].map((residual) =>
      linearCase(make, { rows: 17, inner: 67, columns: 67, layout: "packed", activation, bias: residual, residual }),
    ),
  );
  const rest = [
    linearCase(make, {
      rows: 3,
      inner: 385,
      columns: 1,
      layout: "packed",
      activation: "none",
      bias: true,
      residual: true,
    }),
    linearCase(make, {
      rows: 67,
      inner: 385,
      columns: 3,
      layout: "rows",
      activation: "gelu",
      bias: true,
      residual: false,
    }),
    linearCase(make, {
      rows: 1,
      inner: 67,
      columns: 385,
      layout: "rows",
      activation: "none",
      bias: false,
      residual: true,
    }),
    linearCase(make, {
      rows: 5,
      inner: 769,
      columns: 769,
      layout: "packed",
      activation: "none",
      bias: true,
      residual: true,
    }),
    linearCase(make, {
      rows: 385,
      inner: 67,
      columns: 385,
      layout: "packed",
      activation: "gelu",
      bias: true,
      residual: true,
    }),
  ];
  return [...plain, ...epilogues, ...rest];
}

interface LinearOptions {
  rows: number;
  inner: number;
  columns: number;
  layout: "rows" | "packed";
  activation: string;
  bias: boolean;
  residual: boolean;
  dtype?: Dtype;
  precision?: Precision;
}

function linearCase(make: OperandMaker, options: LinearOptions): OpCase {
  const { rows, inner, columns, layout, activation, dtype = "f32", precision = "f32" } = options;
  const sizes = { tokens: rows };
  return {
    name: `linear [${rows}, ${inner}] x [${columns}, ${inner}] ${dtype} ${layout}, ${activation}${precision === "f32" ? "" : `, rounded to ${precision}`}${options.residual ? ", residual" : ""}`,
    op: "linear",
    operands: {
      x: make.input(["tokens", inner], sizes),
      weight: make.parameter([columns, inner], layout, dtype),
      ...(options.bias ? { bias: make.parameter([columns]) } : {}),
      ...(options.residual ? { residual: make.input(["tokens", columns], sizes) } : {}),
    },
    attributes: { activation, precision },
    result: ["tokens", columns],
    sizes,
  };
}

/** Weights that change while they are multiplied with: in rows, packed before many rows, rounded on request. */
function trainedCases(make: OperandMaker): OpCase[] {
  return PRECISIONS.flatMap((precision) =>
    [
      [1, 1, 1],
      [3, 17, 67],
      [17, 385, 3],
      [67, 67, 129],
      [300, 67, 49],
      [300, 1537, 17],
    ].map(([rows = 1, inner = 1, columns = 1]) =>
      linearCase(make, {
        ...{ rows, inner, columns, precision, layout: "rows", activation: "gelu", bias: true, residual: true },
      }),
    ),
  );
}

/** Weights and tables in bf16 and int8. */
function narrowCases(make: OperandMaker): OpCase[] {
  return (["bf16", "int8"] as const).flatMap((dtype) => {
    const linear = (rows: number, inner: number, columns: number, layout: "rows" | "packed", full = false) =>
      linearCase(make, {
        ...{ rows, inner, columns, layout, dtype, activation: full ? "gelu" : "none", bias: true, residual: full },
      });
    const odd = ([1, 3, 17, 67] as const).flatMap((rows) => ODD.map((inner) => linear(rows, inner, 67, "packed")));
    const rest = [
      linear(3, 385, 1, "packed"),
      linear(385, 67, 129, "packed", true),
      linear(17, 1537, 385, "packed", true),
    ];
    const tied = [linear(67, 385, 3, "rows", true), linear(1, 67, 385, "rows"), linear(5, 769, 129, "rows")];
    const tables = ODD.flatMap((columns) => {
      const sizes = { tokens: 17 };
      const common = { result: ["tokens", columns] as Shape, sizes };
      const table = () => make.parameter([67, columns], "rows", dtype);
      const ids = () => make.ids("tokens", 17, 67, 67);
      const mixed = { table0: table(), ids0: ids(), table1: make.parameter([67, columns]), ids1: ids() };
      const norm = { weight: make.parameter([columns]), bias: make.parameter([columns]) };
      const sum = { op: "embeddingSum" as const, operands: { ...mixed, ...norm }, attributes: { epsilon: 1e-5 } };
      return [
        ...[{ name: `embedding of ${columns}, ${dtype}`, op: "embedding" as const, attributes: {}, ...common }].map(
          (it) => ({ ...it, operands: { table: table(), ids: ids() } }),
        ),
        { name: `embeddingSum of ${columns}, ${dtype} and f32, norm`, ...sum, ...common },
      ] satisfies OpCase[];
    });
    return [...odd, ...rest, ...tied, ...tables];
  });
}

function matmulCases(make: OperandMaker): OpCase[] {
  const sizes = { tokens: 67, rows: 17, texts: 1100 };
  const matmul = (a: Shape, b: Shape, transposeA: number, transposeB: number, result: Shape): OpCase[] => {
    const operands = { a: make.input(a, sizes), b: make.input(b, sizes) };
    const letters = `a${transposeA === 1 ? "^T" : ""} b${transposeB === 1 ? "^T" : ""}`;
    return PRECISIONS.map((precision) => {
      const name = `matmul ${letters} of [${a}] and [${b}] in ${precision}`;
      return { name, op: "matmul", operands, attributes: { transposeA, transposeB, precision }, result, sizes };
    });
  };
  return [
    ...matmul(["tokens", 385], [385, 17], 0, 0, ["tokens", 17]),
    ...matmul(["tokens", 67], [3, 67], 0, 1, ["tokens", 3]),
    ...matmul(["tokens", 66], [131, 66], 0, 1, ["tokens", 131]),
    ...matmul(["tokens", 17], ["tokens", 67], 1, 0, [17, 67]),
    ...matmul(["texts", 131], ["texts", 50], 1, 0, [131, 50]),
    ...matmul([67, 17], [3, 67], 1, 1, [17, 3]),
    ...matmul(["rows", 1], [1, 1], 0, 0, ["rows", 1]),
  ];
}

function embeddingCases(make: OperandMaker): OpCase[] {
  return ODD.flatMap((columns, i) => {
    const tokens = ODD[(i + 2) % ODD.length] as number;
    const sizes = { tokens };
    const table = (rows: number) => make.parameter([rows, columns]);
    const ids = (rows: number) => make.ids("tokens", tokens, rows, rows);
    const sum = { table0: table(67), ids0: ids(67), table1: table(17), ids1: ids(17) };
    const norm = { weight: make.parameter([columns]), bias: make.parameter([columns]) };
    const common = { result: ["tokens", columns] as Shape, sizes };
    const all = { ...sum, table2: table(2), ids2: ids(2), table3: table(1), ids3: ids(1) };
    return [
      {
        name: `embedding of ${columns}`,
        op: "embedding",
        operands: { table: table(67), ids: ids(67) },
        attributes: {},
        ...common,
      },
      {
        name: `embeddingSum, 4 of ${columns}, norm`,
        op: "embeddingSum",
        operands: { ...all, ...norm },
        attributes: { epsilon: 1e-12 },
        ...common,
      },
      {
        name: `embeddingSum, 2 of ${columns}`,
        op: "embeddingSum",
        operands: sum,
        attributes: { epsilon: 0 },
        ...common,
      },
    ] satisfies OpCase[];
  });
}

function elementwiseCases(make: OperandMaker): OpCase[] {
  const sized = ODD.flatMap((columns, i) => {
    const sizes = { tokens: ODD[(i + 1) % ODD.length] as number };
    const common = { result: ["tokens", columns] as Shape, sizes };
    const a = make.input(["tokens", columns], sizes);
    const seconds = {
      matrix: make.input(["tokens", columns], sizes),
      row: make.parameter([columns]),
      column: make.input(["tokens", 1], sizes),
    };
    const pairs = Object.entries(seconds).flatMap(([kind, b]) =>
      (["add", "multiply"] as const).map((op) => ({
        name: `${op} ${kind} of ${columns}`,
        op,
        operands: { a, b },
        attributes: {},
        ...common,
      })),
    );
    const affine = { factor: 0.5, term: -2 };
    return [
      ...pairs,
      { name: `affine of ${columns}`, op: "affine", operands: { x: a }, attributes: affine, ...common },
    ] satisfies OpCase[];
  });
  const sizes = { tokens: 17 };
  const wide: Operand = { place: "input", shape: ["tokens", 67], data: make.floats(17 * 67, -12, 12) };
  const activations = ACTIVATIONS.map((activation): OpCase => {
    return {
      name: `activation ${activation}`,
      op: "activation",
      operands: { x: wide },
      attributes: { activation },
      result: ["tokens", 67],
      sizes,
    };
  });
  const gates = ACTIVATIONS.flatMap((activation) =>
    ["first", "second"].map((activated): OpCase => {
      const x = make.input(["tokens", 134], sizes);
      return {
        name: `gatedUnit ${activation}, ${activated}`,
        op: "gatedUnit",
        operands: { x },
        attributes: { activation, activated },
        result: ["tokens", 67],
        sizes,
      };
    }),
  );
  return [...sized, ...activations, ...gates];
}

function normCases(make: OperandMaker): OpCase[] {
  return [...ODD, 768].flatMap((columns) => {
    const sizes = { tokens: 17 };
    const common = { result: ["tokens", columns] as Shape, sizes };
    // A large mean is where a variance from E[x^2] - E[x]^2 would lose its digits.
    const x: Operand = { place: "input", shape: ["tokens", columns], data: make.floats(17 * columns, 7, 9) };
    const weight = make.parameter([columns]);
    const bias = make.parameter([columns]);
    const attributes = { epsilon: 1e-5 };
    return [
      { name: `layerNorm of ${columns}`, op: "layerNorm", operands: { x, weight, bias }, attributes, ...common },
      { name: `layerNorm of ${columns}, plain`, op: "layerNorm", operands: { x }, attributes, ...common },
      { name: `rmsNorm of ${columns}`, op: "rmsNorm", operands: { x, weight }, attributes, ...common },
      { name: `rmsNorm of ${columns}, plain`, op: "rmsNorm", operands: { x }, attributes, ...common },
      { name: `normalize of ${columns}`, op: "normalize", operands: { x }, attributes: { epsilon: 1e-12 }, ...common },
      { name: `softmax of ${columns}`, op: "softmax", operands: { x }, attributes: {}, ...common },
      { name: `logSoftmax of ${columns}`, op: "logSoftmax", operands: { x }, attributes: {}, ...common },
    ] satisfies OpCase[];
  });
}

function rotaryCases(make: OperandMaker): OpCase[] {
  const sizes = { tokens: 67 };
  const positions = make.ids("tokens", 67, 512, 512);
  const shapes = [
    { heads: 3, size: 32, rotated: 32 },
    { heads: 1, size: 67, rotated: 34 },
    { heads: 4, size: 16, rotated: 6 },
  ];
  return shapes.flatMap(({ heads, size, rotated }) =>
    [0, 1].flatMap((interleaved) => {
      const x = make.input(["tokens", heads * size], sizes);
      const data = Float32Array.from({ length: rotated / 2 }, (_, i) => 10000 ** ((-2 * i) / rotated));
      const frequencies: Operand = { place: "constant", shape: [rotated / 2], data };
      const table = make.parameter([512, rotated]);
      const attributes = { heads, interleaved, scale: 1.25, inverse: 0 };
      const common = { op: "rotary" as const, attributes, result: x.shape, sizes };
      const name = `rotary ${heads} x ${size}, ${rotated} rotated${interleaved ? ", interleaved" : ""}`;
      return [
        { name, operands: { x, positions, frequencies }, ...common },
        { name: `${name}, table`, operands: { x, positions, table }, ...common },
        {
          name: `${name}, inverse`,
          operands: { x, positions, frequencies },
          ...common,
          attributes: { ...attributes, inverse: 1 },
        },
      ];
    }),
  );
}

function textCases(make: OperandMaker): OpCase[] {
  return ([[1], [3, 17, 67, 1], [385]] as const).flatMap((lengths) =>
    ([1, 67, 384] as const).flatMap((columns) => {
      const { sizes, offsets } = packed(lengths);
      const x = make.input(["tokens", columns], sizes);
      // Every text keeps its first token, every third one is left out.
      const starts = new Set(offsets.data);
      const kept = Float32Array.from({ length: sizes.tokens }, (_, i) => Number(starts.has(i) || i % 3 !== 0));
      const mask: Operand = { place: "input", shape: ["tokens"], data: kept };
      const of = `texts of ${lengths}, ${columns} columns`;
      const pools = POOLINGS.flatMap((pooling) =>
        [
          { x, offsets },
          { x, offsets, mask },
        ].map((operands): OpCase => {
          const masked = "mask" in operands ? ", masked" : "";
          return {
            name: `pool ${pooling}${masked}, ${of}`,
            op: "pool",
            operands,
            attributes: { pooling },
            result: ["texts", columns],
            sizes,
          };
        }),
      );
      const shifts = [-2, 1].map((by): OpCase => {
        return {
          name: `shiftRows by ${by}, ${of}`,
          op: "shiftRows",
          operands: { x, offsets },
          attributes: { by },
          result: x.shape,
          sizes,
        };
      });
      const fourier = { op: "fourier" as const, operands: { x, offsets }, attributes: {}, result: x.shape, sizes };
      return [...pools, ...shifts, ...(sizes.tokens * columns > 30000 ? [] : [{ name: `fourier, ${of}`, ...fourier }])];
    }),
  );
}

function rowCases(make: OperandMaker): OpCase[] {
  return ODD.flatMap((columns) => {
    const sizes = { tokens: 67, rows: 17 };
    const x = make.input(["tokens", columns], sizes);
    const [b, c, d] = [3, 1, 17].map((width) => make.input(["tokens", width], sizes)) as [Operand, Operand, Operand];
    const wide = make.input(["tokens", columns + 5], sizes);
    const index = make.ids("rows", 17, "tokens", 67);
    return [
      {
        name: `gatherRows of ${columns}`,
        op: "gatherRows",
        operands: { x, index },
        attributes: {},
        result: ["rows", columns],
        sizes,
      },
      {
        name: `concat of ${columns} and 3`,
        op: "concat",
        operands: { a: x, b },
        attributes: {},
        result: ["tokens", columns + 3],
        sizes,
      },
      {
        name: `concat of ${columns}, 3, 1, 17`,
        op: "concat",
        operands: { a: x, b, c, d },
        attributes: {},
        result: ["tokens", columns + 21],
        sizes,
      },
      {
        name: `slice of ${columns}`,
        op: "slice",
        operands: { x: wide },
        attributes: { start: 2, count: columns },
        result: ["tokens", columns],
        sizes,
      },
    ] satisfies OpCase[];
  });
}

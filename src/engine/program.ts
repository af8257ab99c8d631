import {
  DTYPES,
  type Dtype,
  type Layout,
  type Program,
  type ProgramParameter,
  type ProgramValue,
  type Step,
} from "../backends/backend.ts";
import type { OpName, Precision } from "../backends/op-table.ts";
import { InputError } from "../errors.ts";
import { Draft, type DraftStep, type DraftValue } from "./draft.ts";
import { fuse } from "./fuse/index.ts";
import type { Graph, Value } from "./graph.ts";
import { Planner } from "./plan.ts";

/** How a program is built. */
export interface ProgramOptions {
  /** Join steps that one kernel can do. Default true; false runs the graph as it was written. */
  readonly fuse?: boolean;
  /** What weights and tables of that name are kept in; parameters that other steps read stay f32. Default: all f32. */
  readonly dtypeOf?: ((parameter: string) => Dtype) | undefined;
  /**
   * Parameters may change between runs: all lie in rows, one copy that every program shares, none stacked with others.
   * Default false: weights that are only multiplied with are packed.
   */
  readonly trainable?: boolean;
  /** What operands of products are rounded to, where the weight is f32. Default "f32": not at all. */
  readonly precision?: Precision | undefined;
}

/**
 * The program that computes `outputs`: only the nodes that they need, fused, in the graph's order.
 *
 * @throws InputError when an output is no matrix that a node computes, or is integers.
 */
export function buildProgram(
  graph: Graph,
  outputs: { readonly [name: string]: Value },
  options: ProgramOptions = {},
): Program {
  const draft = new Draft(graph, outputs);
  for (const [name, id] of draft.outputs) {
    if (draft.value(id).source !== undefined)
      throw new InputError(`Output "${name}" is an input or a parameter, not a result.`);
  }
  const { trainable = false } = options;
  if (options.fuse ?? true) fuse(draft, { stack: !trainable });
  const dtypes = findDtypes(draft, options.dtypeOf ?? (() => "f32"));
  const isNarrow = [...dtypes.values()].some((dtype) => dtype !== "f32");
  for (const { op, attributes } of draft.steps) {
    if (!("precision" in attributes)) continue;
    attributes.precision = op === "attention" && isNarrow ? "bf16" : (options.precision ?? "f32");
  }
  return freeze(draft, dtypes, trainable ? new Map() : findLayouts(draft));
}

/** Renumbers what is left, decides where each value lives, and turns slices into views. */
function freeze(draft: Draft, dtypes: ReadonlyMap<number, Dtype>, layouts: ReadonlyMap<number, Layout>): Program {
  const outputNames = new Map([...draft.outputs].map(([name, id]) => [id, name]));
  const views = findViews(draft, outputNames);
  const values: ProgramValue[] = [];
  const numbers = new Map<number, number>();
  const parameters: ProgramParameter[] = [];
  const inputs = new Map<string, number>();

  const number = (id: number): number => {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    const view = views.get(id);
    const of = view === undefined ? undefined : number(view.of);
    const value = { ...draft.value(id), type: dtypes.get(id) ?? draft.value(id).type };
    const index =
      values.push(
        programValue(value, id, outputNames, of === undefined ? undefined : { of, column: view?.column ?? 0 }),
      ) - 1;
    numbers.set(id, index);
    if (value.source?.kind === "input") inputs.set(value.source.name, index);
    if (value.source?.kind === "parameter") {
      const parts = value.parts ?? [value.source.name];
      parameters.push({ parts, shape: value.shape as number[], layout: layouts.get(id) ?? "rows", value: index });
    }
    return index;
  };

  const kept = draft.steps.filter((step) => !(step.op === "slice" && views.has(step.output)));
  const steps = kept.map((step) => programStep(step, number));
  const named = new Map([...draft.outputs].map(([name, id]) => [name, number(id)]));
  const planner = new Planner(values, steps);
  return { values, steps, parameters, inputs, outputs: named, plan: (sizes) => planner.plan(sizes) };
}

function programStep(step: DraftStep, number: (id: number) => number): Step {
  const inputs = Object.fromEntries(Object.entries(step.inputs).map(([slot, id]) => [slot, number(id)]));
  return { op: step.op, inputs, outputs: { y: number(step.output) }, attributes: step.attributes } as unknown as Step;
}

function programValue(
  value: DraftValue,
  id: number,
  outputNames: ReadonlyMap<number, string>,
  view: { of: number; column: number } | undefined,
): ProgramValue {
  const { shape, type, source } = value;
  if (view !== undefined) return { shape, type, place: "view", name: `value ${id}`, view };
  if (source === undefined) {
    const name = outputNames.get(id);
    return { shape, type, place: name === undefined ? "arena" : "output", name: name ?? `value ${id}` };
  }
  if (source.kind === "constant") return { shape, type, place: "constant", name: source.name, data: source.data };
  if (source.kind === "parameter") return { shape, type, place: "parameter", name: source.name };
  const { bound, covers } = source;
  return {
    shape,
    type,
    place: "input",
    name: source.name,
    ...(bound === undefined ? {} : { bound }),
    ...(covers === undefined ? {} : { covers }),
  };
}

/** Slices that can be read in place: every kernel strides over rows, so all but the program's own outputs. */
function findViews(
  draft: Draft,
  outputNames: ReadonlyMap<number, string>,
): Map<number, { of: number; column: number }> {
  const views = new Map<number, { of: number; column: number }>();
  for (const step of draft.steps) {
    if (step.op !== "slice" || outputNames.has(step.output)) continue;
    const x = step.inputs.x as number;
    const base = views.get(x);
    views.set(step.output, { of: base?.of ?? x, column: (base?.column ?? 0) + (step.attributes.start as number) });
  }
  return views;
}

/** Weights that are only multiplied with are packed; whatever else reads a parameter wants its rows. */
function findLayouts(draft: Draft): Map<number, Layout> {
  const layouts = new Map<number, Layout>();
  for (const step of draft.steps) {
    for (const [slot, id] of Object.entries(step.inputs)) {
      if (draft.value(id).source?.kind !== "parameter") continue;
      const multiplied = step.op === "linear" && slot === "weight";
      layouts.set(id, multiplied && layouts.get(id) !== "rows" ? "packed" : "rows");
    }
  }
  return layouts;
}

/** The operands that may be kept in fewer bits: what is multiplied with, and tables that rows are gathered from. */
const NARROW_OPERANDS: { readonly [op in OpName]?: readonly string[] } = {
  linear: ["weight"],
  embedding: ["table"],
  embeddingSum: ["table0", "table1", "table2", "table3"],
};

/** Of each parameter that every step reads as such an operand; of parts that are stacked the widest. */
function findDtypes(draft: Draft, dtypeOf: (parameter: string) => Dtype): Map<number, Dtype> {
  const dtypes = new Map<number, Dtype>();
  for (const step of draft.steps) {
    for (const [slot, id] of Object.entries(step.inputs)) {
      const { source, parts } = draft.value(id);
      if (source?.kind !== "parameter") continue;
      const wanted = (parts ?? [source.name]).map(dtypeOf);
      const widest = DTYPES.find((dtype) => wanted.includes(dtype)) as Dtype;
      const narrow = NARROW_OPERANDS[step.op]?.includes(slot) && dtypes.get(id) !== "f32";
      dtypes.set(id, narrow ? widest : "f32");
    }
  }
  return dtypes;
}

import type { Graph, Value } from "../engine/graph.ts";
import type { AttentionBiases } from "../engine/ops/attention.ts";
import { slice } from "../engine/ops/columns.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { columnsOf } from "../engine/shape.ts";
import { sideBySide } from "./columns.ts";

export interface DisentangledOptions {
  readonly heads: number;
  /** Keys of the relative positions [2S, D]: the content-to-position term. */
  readonly positionKeys?: Value | undefined;
  /** Queries of the relative positions [2S, D]: the position-to-content term. */
  readonly positionQueries?: Value | undefined;
  /** The row of both tables for each distance i - j from -M to M. */
  readonly distanceRows: Int32Array;
}

/**
 * The two terms that DeBERTa adds to the scores: each head's queries against the keys of all relative positions, and
 * its keys against their queries. Source: arXiv 2006.03654.
 */
export function disentangledBiases(q: Value, k: Value, options: DisentangledOptions): AttentionBiases {
  const { heads, positionKeys, positionQueries, distanceRows } = options;
  return {
    contentToPosition: positionKeys && perHead(q, positionKeys, heads),
    positionToContent: positionQueries && perHead(k, positionQueries, heads),
    distanceIndex: distanceConstant(q.graph, distanceRows),
  };
}

/** x[T, H * d] against table[C, H * d], head by head -> [T, H * C] */
function perHead(x: Value, table: Value, heads: number): Value {
  const size = columnsOf(x) / heads;
  const scores = Array.from({ length: heads }, (_, h) =>
    matmul(slice(x, h * size, size), slice(table, h * size, size), { transposeB: true }),
  );
  return sideBySide(scores);
}

function distanceConstant(graph: Graph, rows: Int32Array): Value {
  return graph.constant("rows of distances", rows, [rows.length]);
}

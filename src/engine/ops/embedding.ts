import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, shapeError } from "../shape.ts";

const embeddingOp: OpDefinition<"embedding"> = {
  name: "embedding",
  shape(inputs) {
    const table = required("embedding", "table", inputs.table);
    const ids = required("embedding", "ids", inputs.ids);
    if (ids.type !== "i32") throw shapeError("embedding", "ids must be integers", inputs);
    return [rowsOf(ids), columnsOf(table)];
  },
  gradient({ inputs }, gradient) {
    const [table, ids] = [required("embedding", "table", inputs.table), required("embedding", "ids", inputs.ids)];
    return { table: scatterRows(gradient, ids, table) };
  },
};

const scatterRowsOp: OpDefinition<"scatterRows"> = {
  name: "scatterRows",
  shape: (inputs) => required("scatterRows", "like", inputs.like).shape,
};

/** Rows of x added up by index, in the shape of `like`. */
function scatterRows(x: Value, index: Value, like: Value): Value {
  return x.graph.add(scatterRowsOp, { x, index, like }, {});
}

/** Rows of table[V, D] by ids[R] -> [R, D] */
export function embedding(table: Value, ids: Value): Value {
  return table.graph.add(embeddingOp, { table, ids }, {});
}

const gatherRowsOp: OpDefinition<"gatherRows"> = {
  name: "gatherRows",
  shape(inputs) {
    const x = required("gatherRows", "x", inputs.x);
    const index = required("gatherRows", "index", inputs.index);
    if (index.type !== "i32") throw shapeError("gatherRows", "index must be integers", inputs);
    return [rowsOf(index), columnsOf(x)];
  },
  gradient({ inputs }, gradient) {
    const [x, index] = [required("gatherRows", "x", inputs.x), required("gatherRows", "index", inputs.index)];
    return { x: scatterRows(gradient, index, x) };
  },
};

/** Rows of x[R, D] by index[S] -> [S, D], such as the masked positions of a batch. */
export function gatherRows(x: Value, index: Value): Value {
  return x.graph.add(gatherRowsOp, { x, index }, {});
}

/** The shapes of BERT-base, whose weights are random here: speed does not depend on them. */
export const BERT_BASE = {
  layers: 12,
  hidden: 768,
  heads: 12,
  intermediate: 3072,
  epsilon: 1e-12,
  words: 30_522,
  positions: 512,
  types: 2,
} as const;

/** Multiply-adds, times two, of one forward pass over texts of equal length; all but the products is left out. */
export function forwardOperations(texts: number, tokens: number): number {
  const { layers, hidden } = BERT_BASE;
  return 2 * texts * tokens * (weightCount() + 2 * layers * tokens * hidden);
}

/** Numbers of the weights that every pass reads: all but the tables of the embeddings. */
export function weightCount(): number {
  const { layers, hidden, intermediate } = BERT_BASE;
  return layers * (4 * hidden * hidden + 2 * hidden * intermediate);
}

/** Shape of each weight by its name in a checkpoint. */
export function weightShapes(): Map<string, readonly number[]> {
  const { layers, hidden, intermediate, words, positions, types } = BERT_BASE;
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, outputs: number, inputs: number) => {
    shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  };
  const norm = (name: string) => shapes.set(`${name}.weight`, [hidden]).set(`${name}.bias`, [hidden]);
  for (const [kind, rows] of [
    ["word", words],
    ["position", positions],
    ["token_type", types],
  ] as const) {
    shapes.set(`embeddings.${kind}_embeddings.weight`, [rows, hidden]);
  }
  norm("embeddings.LayerNorm");
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    for (const part of ["query", "key", "value"]) linear(`${name}.attention.self.${part}`, hidden, hidden);
    linear(`${name}.attention.output.dense`, hidden, hidden);
    norm(`${name}.attention.output.LayerNorm`);
    linear(`${name}.intermediate.dense`, intermediate, hidden);
    linear(`${name}.output.dense`, hidden, intermediate);
    norm(`${name}.output.LayerNorm`);
  }
  return shapes;
}

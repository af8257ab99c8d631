const LAYER = /(?:^|\.)(?:layers?|h|blocks?|groups?|transformer_encoder|albert_layer_groups)\.(\d+)\./;

/** The number of a parameter's layer, from 0; -1 for embeddings; undefined for what stands after the layers. */
export function layerOf(parameter: string): number | undefined {
  const layer = LAYER.exec(parameter)?.[1];
  if (layer !== undefined) return Number(layer);
  return parameter.includes("embeddings") || parameter.includes("tok_emb") ? -1 : undefined;
}

/** How many layers there are. */
export function countLayers(parameters: Iterable<string>): number {
  let count = 0;
  for (const name of parameters) count = Math.max(count, (layerOf(name) ?? -1) + 1);
  return count;
}

/** A parameter's share of the learning rate: 1 after the layers, `decay` in the last, `decay` squared in the one below ... */
export function layerRate(parameter: string, layers: number, decay: number): number {
  const layer = layerOf(parameter);
  return layer === undefined ? 1 : decay ** (layers - layer);
}

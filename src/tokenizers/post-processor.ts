/** A part of a template: one of the two texts, or special tokens. */
export type TemplatePart =
  | {
      readonly kind: "sequence";
      /** 0: the text, 1: its pair. */
      readonly sequence: 0 | 1;
      readonly typeId: number;
      /** Type id in all windows but the first: the reference keeps other ones there. */
      readonly overflowTypeId: number;
    }
  | { readonly kind: "special"; readonly ids: readonly number[]; readonly typeId: number };

export type Template = readonly TemplatePart[];

/** What is set around the tokens of a text, or of a pair. */
export interface PostProcessor {
  readonly single: Template;
  readonly pair: Template;
  /**
   * Ranges leave out the whitespace that byte-level tokens carry along. With `addsPrefixSpace` a single space at the
   * beginning is taken to be the one that was added, which has no place in the text.
   */
  readonly trimming: { readonly addsPrefixSpace: boolean } | undefined;
}

export function sequencePart(sequence: 0 | 1, typeId: number, overflowTypeId: number = typeId): TemplatePart {
  return { kind: "sequence", sequence, typeId, overflowTypeId };
}

export function specialPart(ids: readonly number[], typeId: number): TemplatePart {
  return { kind: "special", ids, typeId };
}

/** Nothing is added. */
export const noPostProcessor: PostProcessor = {
  single: [sequencePart(0, 0)],
  pair: [sequencePart(0, 0), sequencePart(1, 1)],
  trimming: undefined,
};

/** The same with 0 for every type id. */
export function withoutTypeIds({ single, pair, trimming }: PostProcessor): PostProcessor {
  const zeros = (template: Template) =>
    template.map((part) => (part.kind === "special" ? specialPart(part.ids, 0) : sequencePart(part.sequence, 0)));
  return { single: zeros(single), pair: zeros(pair), trimming };
}

/** Tokens that a template adds. */
export function addedCount(template: Template): number {
  return template.reduce((count, part) => count + (part.kind === "special" ? part.ids.length : 0), 0);
}

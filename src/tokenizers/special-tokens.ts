/** The parts that special tokens play, as configurations name them (`cls_token`, ...). */
export const SPECIAL_ROLES = ["cls", "sep", "pad", "mask", "unk", "bos", "eos"] as const;

/** The part that a special token plays. */
export type SpecialRole = (typeof SPECIAL_ROLES)[number];

/** The special tokens of a tokenizer by the part they play; a role that no token has is absent. */
export type SpecialTokens = { readonly [role in SpecialRole]?: { readonly token: string; readonly id: number } };

/** Looks up the ids of the tokens that play a part. */
export function namedSpecialTokens(
  roles: Iterable<[SpecialRole, { readonly content: string }]>,
  idOf: (token: string) => number | undefined,
): SpecialTokens {
  const named: { [role in SpecialRole]?: { token: string; id: number } } = {};
  for (const [role, { content }] of roles) {
    const id = idOf(content);
    if (id !== undefined) named[role] = { token: content, id };
  }
  return named;
}

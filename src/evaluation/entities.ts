import { InputError } from "../errors.ts";
import { type Prefix, SCHEMES, type TagPattern, type TagScheme } from "./tag-schemes.ts";

/** An entity of a sequence of tags. */
export interface TaggedEntity {
  /** "" where tags are prefixes alone. */
  readonly type: string;
  /** Its first token. */
  readonly start: number;
  /** The token after its last. */
  readonly end: number;
}

/** How tags are read. */
export interface EntityOptions {
  /**
   * Without one, tags are read leniently, as conlleval and seqeval's default mode do: an I- after O or another type
   * begins an entity. With one, only what the scheme allows is an entity.
   */
  readonly scheme?: TagScheme | undefined;
}

interface Tag {
  readonly prefix: Prefix;
  readonly type: string;
}

const OUTSIDE: Tag = { prefix: "O", type: "" };

/**
 * The entities that a sequence of tags marks, in order. L and U of BILOU are read as E and S.
 *
 * @throws InputError when a tag is not of the form PREFIX-TYPE, or its prefix is none of the scheme.
 */
export function taggedEntities(tags: readonly string[], { scheme }: EntityOptions = {}): TaggedEntity[] {
  const parsed = [...tags.map((tag) => parseTag(tag, scheme)), OUTSIDE];
  return scheme === undefined ? lenientEntities(parsed) : strictEntities(parsed, scheme);
}

function parseTag(tag: string, scheme: TagScheme | undefined): Tag {
  const [, letter, type = ""] = /^([BIOESLU])(?:-(.*))?$/su.exec(tag) ?? [];
  if (letter === undefined) {
    throw new InputError(`The tag "${tag}" marks no entity; expected O, or B-, I-, E-, S-, L- or U- before a type.`);
  }
  const prefix = (letter === "L" ? "E" : letter === "U" ? "S" : letter) as Prefix;
  const hasPrefix = scheme === undefined || (SCHEMES[scheme].prefixes.includes(prefix) && spells(scheme, letter));
  if (!hasPrefix) throw new InputError(`The tag "${tag}" is not one of the scheme ${scheme}.`);
  return prefix === "O" ? OUTSIDE : { prefix, type };
}

/** BILOU writes L and U where IOBES writes E and S. */
function spells(scheme: TagScheme, letter: string): boolean {
  return scheme === "BILOU" ? !/[ES]/.test(letter) : !/[LU]/.test(letter);
}

/** Source: the chunk rules of conlleval.pl, CoNLL-2000. */
function lenientEntities(tags: readonly Tag[]): TaggedEntity[] {
  const entities: TaggedEntity[] = [];
  let before = OUTSIDE;
  let start = 0;
  for (const [i, tag] of tags.entries()) {
    const isOther = before.type !== tag.type;
    const wasInside = before.prefix !== "O";
    const ends = "ES".includes(before.prefix) || "BSO".includes(tag.prefix) || isOther;
    if (wasInside && ends) entities.push({ type: before.type, start, end: i });
    const begins = "BS".includes(tag.prefix) || "ESO".includes(before.prefix) || isOther;
    if (tag.prefix !== "O" && begins) start = i;
    before = tag;
  }
  return entities;
}

function strictEntities(tags: readonly Tag[], scheme: TagScheme): TaggedEntity[] {
  const rules = SCHEMES[scheme];
  const entities: TaggedEntity[] = [];
  for (let i = 0; i < tags.length; ) {
    const first = tags[i]!;
    if (!matches(rules.start, tags[i - 1] ?? OUTSIDE, first)) {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < tags.length && matches(rules.inside, tags[end - 1]!, tags[end]!)) end++;
    if (matches(rules.end, tags[end - 1]!, tags[end] ?? OUTSIDE)) entities.push({ type: first.type, start: i, end });
    i = end;
  }
  return entities;
}

function matches(patterns: readonly TagPattern[], before: Tag, tag: Tag): boolean {
  return patterns.some((pattern) => {
    if (!pattern.before.includes(before.prefix) || !pattern.tag.includes(tag.prefix)) return false;
    return pattern.types === "any" || (pattern.types === "same") === (before.type === tag.type);
  });
}

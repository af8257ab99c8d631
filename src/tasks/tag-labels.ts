/** A label of a tagger: where in an entity a token stands, and of what type the entity is. */
export interface TagLabel {
  /** Begin, inside, outside, end, single: L and U of BILOU are E and S. */
  readonly prefix: "B" | "I" | "O" | "E" | "S";
  /** Without the prefix; "" where there is nothing else. */
  readonly type: string;
}

/** What a tagger's labels mean. */
export interface TagLabels {
  /** As it is read from the labels. "IO": they mark no boundaries, as names of parts of speech do not. */
  readonly scheme: "IO" | "BIO" | "BIOES" | "BILOU";
  /** One for each label, in the model's order. */
  readonly tags: readonly TagLabel[];
}

const OUTSIDE: TagLabel = { prefix: "O", type: "" };
const PREFIXES: { readonly [scheme in TagLabels["scheme"]]: string } = {
  IO: "I",
  BIO: "BI",
  BIOES: "BIES",
  BILOU: "BILU",
};

/**
 * Reads the scheme from the labels: with B- it is BIOES where a type also has E- or S-, BILOU where one has L- or U-, else
 * BIO. What is no prefix of the scheme is part of the name, and such labels count as inside.
 */
export function readTagLabels(labels: readonly string[]): TagLabels {
  const scheme = schemeOf(labels);
  return { scheme, tags: labels.map((label) => readTag(label, PREFIXES[scheme])) };
}

function schemeOf(labels: readonly string[]): TagLabels["scheme"] {
  const begun = labels.filter((label) => /^B(-|$)/.test(label)).map((label) => label.slice(1));
  const has = (...letters: string[]) => letters.some((it) => begun.some((rest) => labels.includes(it + rest)));
  if (has("E", "S")) return "BIOES";
  if (has("L", "U")) return "BILOU";
  return begun.length > 0 ? "BIO" : "IO";
}

function readTag(label: string, prefixes: string): TagLabel {
  if (label === "O") return OUTSIDE;
  const letter = label.charAt(0);
  const isPrefixed = letter !== "" && prefixes.includes(letter) && (label.length === 1 || label[1] === "-");
  if (!isPrefixed) return { prefix: "I", type: label };
  const prefix = letter === "L" ? "E" : letter === "U" ? "S" : (letter as TagLabel["prefix"]);
  return { prefix, type: label.slice(2) };
}

/** Whether the scheme lets `after` follow `before`; undefined stands for the ends of a text. */
export function mayFollow({ scheme }: TagLabels, before: TagLabel | undefined, after: TagLabel | undefined): boolean {
  if (scheme === "IO") return true;
  const isOpen = before !== undefined && before.prefix !== "O" && (scheme === "BIO" || "BI".includes(before.prefix));
  const goesOn = after !== undefined && "IE".includes(after.prefix);
  if (goesOn) return isOpen && before.type === after.type;
  return !isOpen || scheme === "BIO";
}

/**
 * The ways in which tags mark entities. Tables of (tag before, this tag, types) as Nakayama's seqeval 1.2 has them, whose
 * figures are the ones that papers report.
 */

/** B, I, O and, where the scheme has them, E (last) and S (single); BILOU writes L and U for these. */
export type TagScheme = "IOB1" | "IOB2" | "IOE1" | "IOE2" | "IOBES" | "BILOU";

export type Prefix = "B" | "I" | "O" | "E" | "S";

/** Whether the two tags name the same type, another, or either. */
type Types = "same" | "other" | "any";

/** `before` and `tag`: the prefixes that it holds for. */
export interface TagPattern {
  readonly before: string;
  readonly tag: string;
  readonly types: Types;
}

export interface SchemeRules {
  /** Prefixes of the scheme; a tag with another one is no tag of it. */
  readonly prefixes: string;
  /** An entity starts at this tag. */
  readonly start: readonly TagPattern[];
  /** This tag goes on with the entity of the one before. */
  readonly inside: readonly TagPattern[];
  /** The entity ends before this tag. */
  readonly end: readonly TagPattern[];
}

const ALL = "BIOES";

const p = (before: string, tag: string, types: Types = "any"): TagPattern => ({ before, tag, types });

const IOBES: SchemeRules = {
  prefixes: "IOBES",
  start: [p(ALL, "BS")],
  inside: [p("BI", "IE", "same")],
  end: [p("SE", ALL)],
};

export const SCHEMES: { readonly [scheme in TagScheme]: SchemeRules } = {
  IOB1: {
    prefixes: "IOB",
    start: [p("O", "I"), p("I", "I", "other"), p("B", "I"), p("IB", "B", "same")],
    inside: [p("BI", "I", "same")],
    end: [p("I", "I", "other"), p("IB", "O"), p("I", "B"), p("B", "I", "other"), p("B", "B", "same")],
  },
  IOB2: {
    prefixes: "IOB",
    start: [p(ALL, "B")],
    inside: [p("BI", "I", "same")],
    end: [p("IB", "OB"), p("IB", "I", "other")],
  },
  IOE1: {
    prefixes: "IOE",
    start: [p("O", "I"), p("I", "I", "other"), p("E", "I"), p("E", "E", "same")],
    inside: [p("I", "IE", "same")],
    end: [p("I", "I", "other"), p("I", "O"), p("I", "E", "other"), p("E", "IE", "same")],
  },
  IOE2: {
    prefixes: "IOE",
    start: [p("O", "IE"), p("E", "IE"), p("I", "IE", "other")],
    inside: [p("I", "IE", "same")],
    end: [p("E", ALL)],
  },
  IOBES,
  BILOU: IOBES,
};

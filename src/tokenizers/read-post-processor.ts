import { describeValue } from "./describe-value.ts";
import type { Fields } from "./fields.ts";
import {
  noPostProcessor,
  type PostProcessor,
  sequencePart,
  specialPart,
  type Template,
  type TemplatePart,
} from "./post-processor.ts";
import { readSequence } from "./read-sequence.ts";

/** Whether a token of the vocabulary has an id. */
type HasId = (id: number) => boolean;

type PartialProcessor = { readonly [key in keyof PostProcessor]?: PostProcessor[key] };

const READERS: Record<string, (fields: Fields, depth: number, hasId: HasId) => PartialProcessor> = {
  BertProcessing: readBert,
  ByteLevel: (fields) => readTrimming(fields),
  RobertaProcessing: readRoberta,
  Sequence: (fields, depth, hasId) => {
    const steps = readSequence(fields, "processors", depth, (part, inner) => readStep(part, inner, hasId));
    return steps.reduce((all, step) => combine(all, step, fields), {});
  },
  TemplateProcessing: readTemplates,
};

/**
 * @param hasId - whether an id is one of the vocabulary's.
 * @throws TokenizerError for an unknown type, a special token that is not defined, an id that the vocabulary lacks.
 */
export function readPostProcessor(fields: Fields, hasId: HasId): PostProcessor {
  return { ...noPostProcessor, ...readStep(fields, 0, hasId) };
}

function readStep(fields: Fields, depth: number, hasId: HasId): PartialProcessor {
  return fields.choice("type", READERS)(fields, depth, hasId);
}

function combine(first: PartialProcessor, second: PartialProcessor, fields: Fields): PartialProcessor {
  if (first.single !== undefined && second.single !== undefined) {
    throw fields.error("processors", "add special tokens twice; expected one processor that does.");
  }
  if (first.trimming !== undefined && second.trimming !== undefined) {
    throw fields.error("processors", "trim offsets twice; expected one processor that does.");
  }
  return { ...first, ...second };
}

function readTrimming(fields: Fields): PartialProcessor {
  if (!fields.boolean("trim_offsets", true)) return {};
  return { trimming: { addsPrefixSpace: fields.boolean("add_prefix_space", true) } };
}

function readBert(fields: Fields, _depth: number, hasId: HasId): PartialProcessor {
  const [cls, sep] = [readTokenId(fields, "cls", hasId), readTokenId(fields, "sep", hasId)];
  const single = [specialPart([cls], 0), sequencePart(0, 0), specialPart([sep], 0)];
  return { single, pair: [...single, sequencePart(1, 1), specialPart([sep], 1)] };
}

function readRoberta(fields: Fields, _depth: number, hasId: HasId): PartialProcessor {
  const [cls, sep] = [readTokenId(fields, "cls", hasId), readTokenId(fields, "sep", hasId)];
  const single = [specialPart([cls], 0), sequencePart(0, 0), specialPart([sep], 0)];
  const pair = [...single, specialPart([sep], 0), sequencePart(1, 0), specialPart([sep], 0)];
  return { single, pair, ...readTrimming(fields) };
}

/** `[token, id]`; the token is not looked at. */
function readTokenId(fields: Fields, key: string, hasId: HasId): number {
  const id = fields.list(key)[1];
  if (typeof id === "number" && hasId(id)) return id;
  throw fields.error(key, `has the id ${describeValue(id)}, which is not in the vocabulary.`);
}

function readTemplates(fields: Fields, _depth: number, hasId: HasId): PartialProcessor {
  const specials = readSpecials(fields, hasId);
  const single = readTemplate(fields, "single", specials);
  if (single.some((part) => part.kind === "sequence" && part.sequence === 1)) {
    throw fields.error("single", "uses the sequence B, which only pairs have.");
  }
  return { single, pair: readTemplate(fields, "pair", specials) };
}

function readSpecials(fields: Fields, hasId: HasId): Map<string, number[]> {
  const specials = fields.optionalObject("special_tokens");
  const ids = (specials?.keys() ?? []).map((name): [string, number[]] => {
    const special = specials!.object(name);
    const listed = special.list("ids");
    const unknown = listed.find((id) => typeof id !== "number" || !hasId(id));
    if (unknown === undefined) return [name, listed as number[]];
    throw special.error("ids", `has ${describeValue(unknown)}, which is not in the vocabulary.`);
  });
  return new Map(ids);
}

function readTemplate(fields: Fields, key: string, specials: Map<string, number[]>): Template {
  return fields.objects(key).map((part): TemplatePart => {
    const sequence = part.optionalObject("Sequence");
    if (sequence !== undefined) {
      const index = sequence.choice("id", { A: 0, B: 1 } as const);
      return sequencePart(index, readTypeId(sequence), index);
    }
    const special = part.object("SpecialToken");
    const name = special.string("id");
    const ids = specials.get(name);
    if (ids === undefined)
      throw special.error("id", `is ${JSON.stringify(name)}, which special_tokens does not define.`);
    return specialPart(ids, readTypeId(special));
  });
}

/** Models have a handful of types at most. */
function readTypeId(fields: Fields): number {
  const id = fields.count("type_id", 0);
  if (id > 255) throw fields.error("type_id", `is ${id}; expected an integer from 0 to 255.`);
  return id;
}

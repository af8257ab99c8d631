import { TokenizerError } from "../errors.ts";
import { describeValue } from "./describe-value.ts";

/** Ids from here on are refused: they are no rows of any embedding table, and arrays indexed by them would not fit. */
export const ID_LIMIT = 2 ** 24;

const MAX_TOKENS = 2 ** 20;

/** Tokens and their ids, both ways. */
export class Vocabulary {
  /** Where the entries were read, as errors name it: file and key. */
  readonly origin: string;
  private readonly ids = new Map<string, number>();
  private readonly tokens: (string | undefined)[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  get size(): number {
    return this.ids.size;
  }

  /**
   * Adds an entry. A token that is there already keeps the later id, as the reference does with repeated lines.
   *
   * @throws TokenizerError for an id that is no integer from 0 to `ID_LIMIT`, or that another token has, and for more
   *   than a million tokens.
   */
  add(token: string, id: unknown): void {
    if (this.ids.size >= MAX_TOKENS) {
      throw new TokenizerError(
        `${this.origin}: more than ${MAX_TOKENS} tokens; vocabularies of that size are not read.`,
      );
    }
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= ID_LIMIT) {
      throw new TokenizerError(
        `${this.origin}: token ${describeValue(token)} has the id ${describeValue(id)}; ` +
          `expected an integer from 0 to ${ID_LIMIT - 1}.`,
      );
    }
    const holder = this.tokens[id];
    if (holder !== undefined && holder !== token) {
      throw new TokenizerError(
        `${this.origin}: tokens ${describeValue(holder)} and ${describeValue(token)} both have the id ${id}; ` +
          "ids have to be unique.",
      );
    }
    this.ids.set(token, id);
    this.tokens[id] = token;
  }

  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  tokenOf(id: number): string | undefined {
    return this.tokens[id];
  }

  /**
   * @param role - what the token is wanted for, as the file calls it.
   * @throws TokenizerError when there is no such token.
   */
  requireId(token: string, role: string): number {
    const id = this.ids.get(token);
    if (id === undefined) {
      throw new TokenizerError(`${this.origin}: ${role} is ${JSON.stringify(token)}, which is not in the vocabulary.`);
    }
    return id;
  }

  entries(): ReadonlyMap<string, number> {
    return this.ids;
  }
}

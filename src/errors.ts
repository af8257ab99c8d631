/**
 * Every error that leaves Cloze is a `ClozeError`: what failed, by name - expected and got - what to do.
 * `code` is stable across versions; messages may be reworded.
 */
export class ClozeError extends Error {
  /** A stable identifier, such as `ERR_CLOZE_CHECKPOINT`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The caller's mistake: a text, a file, an option or a flag. The command line exits with 2. */
export class InputError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_INPUT", message, options);
  }
}

/** A key of a checkpoint's configuration that is missing, unknown or contradicts another. */
export class ConfigError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_CONFIG", message, options);
  }
}

/** Weights that cannot be read, or do not fit the configuration beside them. */
export class CheckpointError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_CHECKPOINT", message, options);
  }
}

/** A tokenizer file that cannot be read, or asks for something unsafe or unknown. */
export class TokenizerError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_TOKENIZER", message, options);
  }
}

/** A backend that is not there, or a run that it could not finish. */
export class BackendError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_BACKEND", message, options);
  }
}

/** More work than the configured limits admit; try again later. */
export class OverloadError extends ClozeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ERR_CLOZE_OVERLOAD", message, options);
  }
}

/** How an error crosses a thread, whose clone of it would lose what it is: by its parts. */
import { type ErrorTag, isPickbenchError, messageOf, PickbenchError } from "../errors.js";
import { userErrorOf } from "../systemErrors.js";

/** The parts of an error; a PickbenchError has a tag. */
export interface Failure {
  readonly tag?: ErrorTag;
  readonly message: string;
  readonly path?: string;
  /** What the error's cause says. */
  readonly cause?: string;
  /** Of a defect: its name and where it was thrown. */
  readonly name?: string;
  readonly stack?: string;
}

/** Takes an error apart; what the system refuses becomes the user's error, as its code would be lost. */
export function failureOf(thrown: unknown): Failure {
  const error = userErrorOf(thrown) ?? thrown;
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, cause, stack } = error;
  const caused = cause === undefined ? {} : { cause: messageOf(cause) };
  if (!isPickbenchError(error))
    return { message, name: error.name, ...(stack === undefined ? {} : { stack }), ...caused };
  const { tag, path } = error;
  return { tag, message, ...(path === undefined ? {} : { path }), ...caused };
}

/** Puts an error together again. */
export function errorOf({ tag, message, path, cause, name, stack }: Failure): Error {
  const caused = cause === undefined ? {} : { cause: new Error(cause) };
  if (tag) return new PickbenchError(tag, message, { ...(path === undefined ? {} : { path }), ...caused });
  const error = new Error(message, caused);
  if (name !== undefined) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

import { messageOf, PickbenchError } from "../errors.js";

/** The sentences about chunks that cannot be had, each naming the file. */
export function unreadable(file: string, error: unknown): PickbenchError {
  const missing = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
  const message = missing
    ? `${file}: chunk is missing; copy the tomogram again`
    : `${file}: chunk cannot be read: ${messageOf(error)}`;
  return new PickbenchError("BadDataset", message, { path: file, cause: error });
}

export function undecodable(file: string, error: unknown): PickbenchError {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
  return new PickbenchError(
    "BadDataset",
    `${file}: chunk cannot be decoded (${messageOf(error)}${cause}): the file is damaged, copy it again`,
    { path: file, cause: error },
  );
}

export const wrongLength = (file: string, got: number, wanted: number): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${file}: chunk decodes to ${got} values; wanted ${wanted}: the file is damaged, copy it again`,
    { path: file },
  );

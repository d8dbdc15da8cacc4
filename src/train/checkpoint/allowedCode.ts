/** Code that a checkpoint or a record names: it may come from anywhere, so it runs by the user's leave alone. */
import { realpath } from "node:fs/promises";
import { codeOfHash } from "../../nets/architectureFile.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";

/** Leave to run code. */
export interface CodeLeave {
  /** Files whose code may be run: the user names each, and has read it. */
  readonly allowCode?: readonly string[] | undefined;
}

type CodeFile = NonNullable<NetworkSpec["file"]>;

/**
 * Returns, of the files that the user allows to run, the one that a checkpoint's network was trained with. The path that
 * the checkpoint names is not opened.
 *
 * @param path of the checkpoint
 * @throws PickbenchError BadCheckpoint where none has the hash that the checkpoint holds
 */
export async function allowedFile(
  path: string,
  file: CodeFile,
  { allowCode = [] }: CodeLeave,
): Promise<CodeFile> {
  for (const allowed of allowCode)
    if (await codeOfHash(allowed, file.sha256)) return { path: allowed, sha256: file.sha256 };
  const begin = file.sha256.slice(0, 12);
  const named = `its network is declared by the code in ${file.path}`;
  throw new PickbenchError(
    "BadCheckpoint",
    allowCode.length === 0
      ? `${path}: ${named}, which is not run unasked; read that file, and if you trust it give --allow-code FILE`
      : `${path}: ${named} as it was when its SHA-256 began with ${begin}, and that is not ${allowCode.join(" or ")}; give the file it was trained with to --allow-code`,
    { path },
  );
}

/**
 * Checks that a file of code that a record names is one that the user allows to run.
 *
 * @param path of the record
 * @throws PickbenchError BadExperiment where it is not
 */
export async function checkAllowed(path: string, file: string, { allowCode = [] }: CodeLeave): Promise<void> {
  const wanted = await realpath(file).catch(() => undefined);
  for (const allowed of allowCode)
    if (wanted !== undefined && wanted === (await realpath(allowed).catch(() => undefined))) return;
  throw new PickbenchError(
    "BadExperiment",
    `${path}: its network is declared by the code in ${file}, which is not run unasked; read that file, and if you trust it give --allow-code ${file}`,
    { path },
  );
}

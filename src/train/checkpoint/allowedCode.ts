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
 * Returns the file of code to run for a record: of those that the user allows, the one with the hash that the record holds,
 * or where it holds none the one that lies where the record says. A file that lies there keeps the record's name for it, which
 * goes into the checkpoint's bytes.
 *
 * @param path of the record
 * @throws PickbenchError BadExperiment where none is allowed
 */
export async function allowedByRecord(
  path: string,
  { file, sha256 }: { readonly file: string; readonly sha256?: string | undefined },
  { allowCode = [] }: CodeLeave,
): Promise<string> {
  const place = await realpath(file).catch(() => undefined);
  for (const allowed of allowCode) {
    const isThere = place !== undefined && place === (await realpath(allowed).catch(() => undefined));
    const isMeant = sha256 === undefined ? isThere : (await codeOfHash(allowed, sha256)) !== undefined;
    if (isMeant) return isThere ? file : allowed;
  }
  const named = `${path}: its network is declared by the code in ${file}`;
  throw new PickbenchError(
    "BadExperiment",
    sha256 === undefined || allowCode.length === 0
      ? `${named}, which is not run unasked; read that file, and if you trust it give --allow-code ${file}`
      : `${named} as it was when its SHA-256 began with ${sha256.slice(0, 12)}, and that is not ${allowCode.join(" or ")}; give the file it was trained with to --allow-code`,
    { path },
  );
}

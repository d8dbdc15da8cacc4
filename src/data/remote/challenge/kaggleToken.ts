/** The user's own token of Kaggle's API, from the places that Kaggle's client reads. */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../formats/json.js";
import { PickbenchError } from "../../../system/errors.js";
import { readText } from "../../../system/paths/opening.js";
import type { Reporter } from "../../../system/reporter.js";

const howToGet =
  "make one at https://www.kaggle.com/settings (API), and put kaggle.json into ~/.kaggle, or set KAGGLE_USERNAME and KAGGLE_KEY, or KAGGLE_API_TOKEN";

const keySchema = z.looseObject({ username: z.string().min(1), key: z.string().min(1) });

/**
 * Returns what the header `authorization` says: a token of `KAGGLE_API_TOKEN`, `KAGGLE_USERNAME` with `KAGGLE_KEY`, the file
 * kaggle.json in `KAGGLE_CONFIG_DIR`, ~/.kaggle or ~/.config/kaggle, or ~/.kaggle/access_token; the first that there is. No
 * message holds any of it.
 *
 * @param reporter is warned of a file that other users may read
 * @throws PickbenchError BadUsage where there is none, or the file is not of the form
 */
export async function kaggleAuthorization(reporter: Reporter): Promise<string> {
  const { KAGGLE_API_TOKEN: token, KAGGLE_USERNAME: user, KAGGLE_KEY: key } = process.env;
  if (token) return bearer(token, "KAGGLE_API_TOKEN");
  if (user && key) return basic(user, key, "KAGGLE_KEY");
  const folders = [
    process.env.KAGGLE_CONFIG_DIR,
    join(homedir(), ".kaggle"),
    join(homedir(), ".config", "kaggle"),
  ];
  for (const folder of folders) {
    if (!folder) continue;
    const path = join(folder, "kaggle.json");
    const text = await textAt(path, reporter);
    if (text !== undefined) return keyFile(path, text);
    const plain = join(folder, "access_token");
    const own = await textAt(plain, reporter);
    if (own !== undefined) return bearer(own.trim(), plain);
  }
  throw new PickbenchError("BadUsage", `no token of Kaggle's API is here: ${howToGet}`);
}

async function textAt(path: string, reporter: Reporter): Promise<string | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return undefined;
  if ((there.mode & 0o077) !== 0 && process.platform !== "win32")
    reporter.note(`warning: other users of this machine may read ${path}; chmod 600 ${path} keeps it to you`);
  return readText(path);
}

function keyFile(path: string, text: string): string {
  const found = keySchema.safeParse(parsed(path, text));
  if (!found.success)
    throw new PickbenchError(
      "BadUsage",
      `${path}: wanted a JSON object with username and key, as Kaggle gives it; download it anew from https://www.kaggle.com/settings`,
      { path },
    );
  return basic(found.data.username, found.data.key, path);
}

/** The content of a file of JSON; nothing where it is broken: the parser's message would hold a piece of it. */
function parsed(path: string, text: string): unknown {
  try {
    return parseJson(text, { path });
  } catch {
    return undefined;
  }
}

/** New keys are tokens too, which go without the user's name. */
function basic(user: string, key: string, from: string): string {
  if (key.startsWith("KGAT_")) return bearer(key, from);
  return `Basic ${Buffer.from(`${user}:${key}`).toString("base64")}`;
}

function bearer(token: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new PickbenchError(
    "BadUsage",
    `${from}: holds no token, which is one word of letters, digits and signs; ${howToGet}`,
  );
}

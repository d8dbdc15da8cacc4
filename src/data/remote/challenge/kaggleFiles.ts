/**
 * Files of the challenge on Kaggle, by its API and the user's own token. The room `challenge` brings the challenge's data:
 * from Kaggle, as far as the portal has them not.
 */
import { z } from "zod";
import { parseJson } from "../../../formats/json.js";
import { PickbenchError } from "../../../system/errors.js";
import { checkLimit } from "../../../system/limits.js";
import { checkedPath, urlBelow } from "../address.js";
import { downloadText } from "../download.js";
import { PageGuard, type RemoteFile } from "../listing.js";
import { AbsentError, type RequestOptions, refused, UnauthorisedError } from "../request.js";

/** URL of Kaggle's API. */
export const kaggleApi = "https://www.kaggle.com/api/v1";

/** The challenge's name on Kaggle. */
export const competition = "czii-cryo-et-object-identification";

const mostPageBytes = 2 ** 24;
const perPage = 200;

/** Access to the API. */
export interface KaggleApi extends RequestOptions {
  readonly url: string;
  /** What proves who asks; sent to the API's own origin alone. */
  readonly authorization: string;
}

const fileSchema = z.object({
  name: z.string().min(1),
  totalBytes: z.int().nonnegative(),
});
const pageSchema = z.union([
  z.array(fileSchema).transform((files) => ({ files, nextPageToken: undefined })),
  z.object({ files: z.array(fileSchema).nullish(), nextPageToken: z.string().nullish() }),
]);

/** A file of the challenge with its size in bytes. */
export type ChallengeFile = RemoteFile & { readonly size: number };

/**
 * Lists all files of the challenge, page by page.
 *
 * @throws PickbenchError BadUsage where the token is refused; BadDataset where the rules are not accepted, the answer has
 * another schema or no end, or names a file that cannot lie below a folder here
 */
export async function kaggleFiles(api: KaggleApi): Promise<ChallengeFile[]> {
  const list = `${api.url}/competitions/data/list/${competition}`;
  const files = new Map<string, ChallengeFile>();
  const pages = new PageGuard(list, api);
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ pageSize: String(perPage) });
    if (token !== undefined) query.set("pageToken", token);
    const text = await explained(() =>
      downloadText(`${list}?${query}`, { ...api, mostBytes: mostPageBytes }),
    );
    const page = pageOf(list, text);
    for (const { name, totalBytes } of page.files) {
      const path = checkedPath(list, name);
      if (files.has(path)) throw refused(list, `its list names ${path} twice; try again later`);
      const url = urlBelow(`${api.url}/competitions/data/download/${competition}`, path);
      files.set(path, { path, url, size: totalBytes });
    }
    checkLimit("listedFiles", files.size, { what: `${list}: the list`, path: list });
    pages.turn(page.files.length, page.next);
    token = page.next;
  } while (token !== undefined);
  return [...files.values()];
}

function pageOf(url: string, text: string) {
  let answer: unknown;
  try {
    answer = parseJson(text, { path: url });
  } catch {
    throw refused(url, "answers no JSON; is it Kaggle's API?");
  }
  const page = pageSchema.safeParse(answer);
  if (!page.success) {
    const issue = page.error.issues[0];
    throw refused(
      url,
      `answers by another schema (${issue?.path.join(".")}: ${issue?.message}); the API may have changed: look for a newer pickbench`,
    );
  }
  const { files, nextPageToken } = page.data;
  return { files: files ?? [], next: nextPageToken || undefined };
}

/** Does requests to Kaggle, and says what its refusals mean. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnauthorisedError)
      throw new PickbenchError(
        "BadUsage",
        "Kaggle does not know the token (401); make a new one at https://www.kaggle.com/settings and put it in the old one's place",
        { cause: error },
      );
    if (!(error instanceof AbsentError)) throw error;
    if (error.status === 403)
      throw new PickbenchError(
        "BadDataset",
        `Kaggle refuses the challenge's data (403): this account has not accepted its rules; accept them at https://www.kaggle.com/competitions/${competition}/rules, and the same command goes on`,
        { cause: error },
      );
    throw new PickbenchError(
      "BadDataset",
      `${error.message.replace(/; check the address$/, "")}; the challenge may have moved: look for a newer pickbench, or take --from portal`,
      { cause: error },
    );
  }
}

/** The wanted part of the challenge's files; all where nothing is named. */
export interface ChallengeWish {
  readonly part?: "train" | "test" | undefined;
  readonly runs?: readonly string[] | undefined;
  /** Reconstructions: `denoised`, `wbp`, … */
  readonly tomograms?: readonly string[] | undefined;
}

/**
 * Chooses files: the picks of runs come with whatever reconstructions; files of no run come where nothing is named.
 *
 * @throws PickbenchError BadUsage, naming what there is, where a run or reconstruction is not among them
 */
export function wantedFiles(files: readonly ChallengeFile[], wish: ChallengeWish): ChallengeFile[] {
  const inPart = files.filter(({ path }) => wish.part === undefined || path.startsWith(`${wish.part}/`));
  const placed = inPart.map((file) => ({ file, run: runOf(file.path), tomogram: tomogramOf(file.path) }));
  checkNamed(
    "runs",
    wish.runs,
    placed.map(({ run }) => run),
  );
  checkNamed(
    "tomograms",
    wish.tomograms,
    placed.map(({ tomogram }) => tomogram),
  );
  const isWanted = (asked: readonly string[] | undefined, name: string | undefined) =>
    asked === undefined || (name !== undefined && asked.includes(name));
  return placed
    .filter(({ run }) => isWanted(wish.runs, run))
    .filter(
      ({ run, tomogram }) =>
        isWanted(wish.tomograms, tomogram) || (run !== undefined && tomogram === undefined),
    )
    .map(({ file }) => file);
}

function checkNamed(
  flag: string,
  asked: readonly string[] | undefined,
  found: readonly (string | undefined)[],
): void {
  const known = [...new Set(found.filter((name) => name !== undefined))].sort();
  const missing = asked?.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new PickbenchError(
    "BadUsage",
    `--${flag}: the challenge has no ${missing}; it has ${known.join(", ") || "none"}`,
  );
}

const runOf = (path: string): string | undefined => /\/ExperimentRuns\/([^/]+)\//.exec(path)?.[1];

const tomogramOf = (path: string): string | undefined =>
  /\/ExperimentRuns\/[^/]+\/VoxelSpacing[^/]*\/([^/]+)\.zarr\//.exec(path)?.[1];

/**
 * Files of the challenge on Kaggle, by its API and the user's own token. The room `challenge` brings the challenge's data:
 * from Kaggle, as far as the portal has them not.
 */
import { dirname } from "node:path/posix";
import { z } from "zod";
import { runOfPath } from "../../../formats/runNames.js";
import { PickbenchError } from "../../../system/errors.js";
import { downloadText } from "../download.js";
import { answerOf, jsonOf, listPages, mostPageBytes, type SizedFile } from "../listing.js";
import { AbsentError, type RequestOptions, UnauthorisedError } from "../request.js";

/** URL of Kaggle's API. */
export const kaggleApi = "https://www.kaggle.com/api/v1";

/** The challenge's name on Kaggle. */
export const competition = "czii-cryo-et-object-identification";

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
/** A page; older versions of the API answer with an array of files. */
const pageSchema = z.preprocess(
  (answer) => (Array.isArray(answer) ? { files: answer } : answer),
  z.object({ files: z.array(fileSchema).nullish(), nextPageToken: z.string().nullish() }),
);

/**
 * Lists all files of the challenge, page by page.
 *
 * @throws PickbenchError BadUsage where the token is refused; BadDataset where the rules are not accepted, the answer has
 * another schema or no end, or names a file that cannot lie below a folder here
 */
export function kaggleFiles(api: KaggleApi): Promise<SizedFile[]> {
  const list = `${api.url}/competitions/data/list/${competition}`;
  const folder = `${api.url}/competitions/data/download/${competition}`;
  return listPages(list, folder, api, async (token) => {
    const query = new URLSearchParams({ pageSize: String(perPage) });
    if (token !== undefined) query.set("pageToken", token);
    const text = await explained(() =>
      downloadText(`${list}?${query}`, { ...api, mostBytes: mostPageBytes }),
    );
    const { files, nextPageToken } = answerOf(list, jsonOf(list, text, "Kaggle's API"), pageSchema);
    const named = (files ?? []).map(({ name, totalBytes: size }) => ({ name, size }));
    return { files: named, entries: named.length, next: nextPageToken || undefined };
  });
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
export function wantedFiles(files: readonly SizedFile[], wish: ChallengeWish): SizedFile[] {
  const inPart = files.filter(({ path }) => wish.part === undefined || path.startsWith(`${wish.part}/`));
  const placed = inPart.map((file) => ({
    file,
    run: runOfPath(dirname(file.path))?.run,
    tomogram: tomogramOf(file.path),
  }));
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

const tomogramOf = (path: string): string | undefined =>
  /\/ExperimentRuns\/[^/]+\/VoxelSpacing[^/]*\/([^/]+)\.zarr\//.exec(path)?.[1];

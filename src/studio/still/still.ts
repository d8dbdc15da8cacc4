/** A still copy of a studio: a folder that any static host can serve. */
import { mkdir, readdir, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type Asked, isRanged, type Reply } from "../../serve/message.js";
import { namesFor, type Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import { writeFolderWhole } from "../../system/files.js";
import { inside } from "../../system/paths/names.js";
import { readIfThere } from "../../system/paths/opening.js";
import { isWithin } from "../../system/paths/within.js";
import type { Opened } from "../opened.js";
import { pageFiles, placesOf, policy, readPageFile, studioRoutes } from "../studio.js";
import { Volumes } from "../volumes/slices.js";

/** What was written. */
export interface StillCopy {
  readonly files: number;
  readonly bytes: number;
}

/** Answer of a route that a copy has, with the file it goes into, without its ending. */
interface StillAnswer {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

/**
 * Writes the page and all answers that it needs, with tomograms as bricks of bytes, in place of a folder that stands there; the
 * whole or nothing.
 *
 * @throws PickbenchError as reading the data does
 */
export async function writeStill(opened: Opened, folder: string): Promise<StillCopy> {
  const volumes = new Volumes(await placesOf(opened));
  const answers = await answersOf(studioRoutes(opened, volumes, { url: "" }));
  let [files, bytes] = [0, 0];
  await writeFolderWhole(folder, async (partial) => {
    const write = async (names: readonly string[], content: string | Uint8Array): Promise<void> => {
      const path = inside(partial, names, { what: "answer" });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      files++;
      bytes += Buffer.byteLength(content);
    };
    for (const { file } of pageFiles) await write([nameOf(file)], await pageFile(file));
    const progress = opened.reporter.progress("writing the copy", answers.length, "files");
    try {
      for (const [at, answer] of answers.entries()) {
        if (opened.reporter.signal.aborted)
          throw new PickbenchError("Stopped", `stopped; nothing was written to ${folder}`);
        await writeAnswer(answer, write);
        progress.update(at + 1);
      }
    } finally {
      progress.stop();
    }
  });
  return { files, bytes };
}

/** What a page of a copy has in its text, and no other page. */
const copyMark = "<html data-still lang";

/**
 * Checks that a folder may become a copy: it is not there, is empty, or is a copy that was made before; and no data that are
 * shown lie in it.
 *
 * @throws BadUsage naming --export
 */
export async function checkCopyPlace(opened: Opened, folder: string): Promise<void> {
  const bad = (why: string): PickbenchError =>
    new PickbenchError("BadUsage", `--export ${folder}: ${why}; give a folder of its own`, { path: folder });
  const place = await realPlace(folder);
  const { dataset, surveys, runFolders, picks, maps, submissions } = opened;
  const shown = [...(dataset ? [dataset.root, ...dataset.roots] : []), ...surveys, ...runFolders, ...picks];
  for (const path of [...shown, ...maps, ...submissions, process.cwd()])
    if (isWithin(await realPlace(path), place)) throw bad(`${path} lies in it`);
  const names = await readdir(place).catch(() => []);
  const page = await readIfThere(join(place, "index.html")).catch(() => undefined);
  if (names.length > 0 && page?.includes(copyMark) !== true) throw bad("it holds other things than a copy");
}

/** Returns where a path leads, though its last names do not exist. */
async function realPlace(path: string): Promise<string> {
  const full = resolve(path);
  const real = await realpath(full).catch(() => undefined);
  if (real !== undefined || dirname(full) === full) return real ?? full;
  return join(await realPlace(dirname(full)), basename(full));
}

const nameOf = (file: string): string => (file === "page.html" ? "index.html" : file);

async function pageFile(file: string): Promise<Uint8Array | string> {
  const content = await readPageFile(file);
  if (file !== "page.html") return content;
  const meta = `<meta http-equiv="Content-Security-Policy" content="${withinPages(policy)}">`;
  return content
    .toString("utf8")
    .replace("<html lang", copyMark)
    .replace("<meta charset", `${meta}\n<meta charset`);
}

/** Leaves out what a policy in a page's own text may not say. */
const withinPages = (text: string): string =>
  text
    .split("; ")
    .filter((part) => !part.startsWith("frame-ancestors"))
    .join("; ");

async function answersOf(routes: readonly Route[]): Promise<StillAnswer[]> {
  const found = await Promise.all(
    routes.map(async (route) =>
      ((await route.still?.()) ?? []).map((params) => ({ route, params, names: namesFor(route, params) })),
    ),
  );
  return found.flat();
}

async function writeAnswer(
  { route, params, names }: StillAnswer,
  write: (names: readonly string[], content: string | Uint8Array) => Promise<void>,
): Promise<void> {
  const reply = await route.answer({ ...askedFor(names), params });
  const content = contentOf(reply, names);
  const ending = reply.type.startsWith("application/json") ? ".json" : ".bin";
  await write(withEnding(names, ending), content);
  if (reply.headers && Object.keys(reply.headers).length > 0)
    await write(withEnding(names, ".headers.json"), JSON.stringify(reply.headers));
}

const withEnding = (names: readonly string[], ending: string): string[] => [
  ...names.slice(0, -1),
  `${names.at(-1)}${ending}`,
];

function contentOf({ status = 200, body }: Reply, names: readonly string[]): string | Uint8Array {
  if (status === 200 && !isRanged(body)) return body;
  throw new PickbenchError("BadDataset", `${names.join("/")} cannot be copied; open it in the studio itself`);
}

/** Returns the request that a page would make. */
const askedFor = (names: readonly string[]): Asked => ({
  method: "GET",
  names,
  query: new URLSearchParams(),
  headers: {},
  body: async () => Buffer.alloc(0),
  signal: new AbortController().signal,
});

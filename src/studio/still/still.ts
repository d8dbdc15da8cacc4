/** A still copy of a studio: a folder that any static host can serve. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Asked, isRanged, type Reply } from "../../serve/message.js";
import { namesFor, type Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import { writeFolderWhole } from "../../system/files.js";
import type { Opened } from "../opened.js";
import { pageFiles, policy, readPageFile, studioRoutes } from "../studio.js";

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
  const answers = await answersOf(await studioRoutes(opened, { url: "" }));
  let [files, bytes] = [0, 0];
  await writeFolderWhole(folder, async (partial) => {
    const write = async (names: readonly string[], content: string | Uint8Array): Promise<void> => {
      const path = join(partial, ...names);
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

const nameOf = (file: string): string => (file === "page.html" ? "index.html" : file);

async function pageFile(file: string): Promise<Uint8Array | string> {
  const content = await readPageFile(file);
  if (file !== "page.html") return content;
  const meta = `<meta http-equiv="Content-Security-Policy" content="${withinPages(policy)}">`;
  return content
    .toString("utf8")
    .replace("<html lang", "<html data-still lang")
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

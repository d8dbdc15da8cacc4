/** A server of one scene for one page: the tomogram's store and the points, on this machine alone. */
import { realpath } from "node:fs/promises";
import { type LoopbackServer, serveHere } from "../serve/loopbackServer.js";
import { bytes, nothing, type Reply } from "../serve/message.js";
import { fileWithin } from "../serve/servedFiles.js";

/** What is served, and to whom. */
interface Served {
  /** Folders by their name in the address; no other file can be had. */
  readonly folders: ReadonlyMap<string, string>;
  /** Bytes by their path in the address. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Origin of the page that may read it, such as https://neuroglancer-demo.appspot.com. */
  readonly origin: string;
  /** Any free one if 0. */
  readonly port: number;
}

/** A server that runs. */
export type SceneServer = LoopbackServer;

/**
 * Serves until it is closed: only to this machine, only with the token, only to pages of the origin, only to read. No folder
 * is listed, and no link leads out of a folder.
 *
 * @throws BadUsage where the port cannot be had
 */
export async function serveScene({ folders: given, files, origin, port }: Served): Promise<SceneServer> {
  const folders = new Map<string, string>();
  for (const [name, folder] of given) folders.set(name, await realpath(folder));
  return serveHere({
    port,
    foreign: [origin],
    answer: async ({ names }) => {
      const content = files.get(names.join("/"));
      return content ? ranged(content) : filesOf(folders, names);
    },
  });
}

const ranged = (content: Uint8Array): Reply => ({
  ...bytes(content),
  body: { size: content.length, part: (start, end) => content.subarray(start, end) },
});

async function filesOf(folders: ReadonlyMap<string, string>, names: readonly string[]): Promise<Reply> {
  const [name, ...below] = names;
  const folder = folders.get(name ?? "");
  return folder === undefined || below.length === 0 ? nothing : fileWithin(folder, below);
}

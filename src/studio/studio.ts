/** The studio's server: its page, and what the page asks for. */
import { readFile } from "node:fs/promises";
import { findFeatureMaps } from "../infer/maps/featureMaps.js";
import type { LoopbackServer } from "../serve/loopbackServer.js";
import type { Method, Reply } from "../serve/message.js";
import { type Route, routed } from "../serve/routes.js";
import { builtModule } from "../system/threads/threads.js";
import { viewerOrigin } from "../viewers/neuroglancer.js";
import { startAnnotating } from "./assist/annotating.js";
import { catalogueRoutes } from "./catalogue/routes.js";
import { droppedRoutes } from "./dropped/routes.js";
import { meshRoutes } from "./meshes/routes.js";
import type { Opened } from "./opened.js";
import { picksRoutes } from "./picks/routes.js";
import { PickSets } from "./picks/sets.js";
import { progressRoutes } from "./progress/routes.js";
import { sceneRoutes } from "./scenes/routes.js";
import { Scenes, scenesName } from "./scenes/scenes.js";
import { sessionRoutes } from "./session.js";
import { type VolumePlace, volumePlaces } from "./volumes/place.js";
import { volumeRoutes } from "./volumes/routes.js";
import { Volumes } from "./volumes/slices.js";

/** Files of the page. */
export const pageFiles = [
  { path: "/", file: "page.html", type: "text/html" },
  { path: "/page.js", file: "page.js", type: "text/javascript" },
  { path: "/page.css", file: "page.css", type: "text/css" },
] as const;

/** Reads a file of the page. */
export const readPageFile = (file: string): Promise<Buffer> =>
  readFile(builtModule(import.meta.url, `../web/studio/${file}`));

/** What a page may do: load its own script and style, and ask its own server. */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves a studio until it is closed.
 *
 * @param port any free one if 0
 * @returns the server; its page is at `url` with a slash behind
 * @throws BadUsage where the port cannot be had
 */
export async function serveStudio(opened: Opened, port: number): Promise<LoopbackServer> {
  const annotating = await startAnnotating(opened);
  try {
    const here = { url: "" };
    const volumes = new Volumes(await placesOf(opened));
    const asked = studioRoutes(opened, volumes, here);
    const routes = [...(await pageRoutes()), ...asked, ...annotating.routes];
    const methods: Method[] = ["GET", "PUT", "POST", "DELETE"];
    const server = await annotating.serve(port, {
      foreign: [viewerOrigin],
      foreignBelow: scenesName,
      headers: { "Content-Security-Policy": policy },
      methods,
      answer: routed(routes),
    });
    here.url = server.url;
    volumes.openFirst().catch(() => undefined);
    return {
      url: server.url,
      close: async () => {
        await server.close();
        await annotating.close();
      },
    };
  } catch (error) {
    await annotating.close();
    throw error;
  }
}

/** Lists the volumes of what was opened. */
export async function placesOf({ dataset, maps, reporter }: Opened): Promise<VolumePlace[]> {
  const found = maps.length > 0 ? await findFeatureMaps(maps, { isPartial: true, reporter }) : [];
  return volumePlaces(dataset, found);
}

/** Returns all that the page may ask for. @param here address of the server, once it is known */
export function studioRoutes(opened: Opened, volumes: Volumes, here: { readonly url: string }): Route[] {
  const { dataset } = opened;
  const { places } = volumes;
  const sets = new PickSets(opened);
  return [
    ...sessionRoutes(opened, places),
    ...volumeRoutes(volumes),
    ...picksRoutes(
      sets,
      (dataset?.runs ?? []).map(({ name }) => name),
    ),
    ...(dataset ? sceneRoutes(dataset, places, new Scenes(dataset, sets, here)) : []),
    ...catalogueRoutes(opened),
    ...progressRoutes(opened),
    ...droppedRoutes(volumes),
    ...meshRoutes(opened),
  ];
}

/** Files of the page; the root is the page itself. */
async function pageRoutes(): Promise<Route[]> {
  return Promise.all(
    pageFiles.map(async ({ path, file, type }): Promise<Route> => {
      const body = await readPageFile(file);
      const reply: Reply = { type: `${type}; charset=utf-8`, body };
      return { method: "GET", path, answer: async () => reply };
    }),
  );
}

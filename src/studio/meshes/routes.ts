/** Files of meshes that were opened with the studio, as they are. */
import { basename } from "node:path";
import { bytes, json, nothing } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { readBytes } from "../../system/paths/opening.js";
import type { Opened } from "../opened.js";

/** A mesh as it is listed. */
export interface ListedMesh {
  readonly id: string;
  /** The file's name. */
  readonly name: string;
}

/** Lists the files, and sends one of them. */
export function meshRoutes({ meshes = [] }: Opened): Route[] {
  const places = new Map(meshes.map((path, at) => [`mesh${at}`, path]));
  const listed = [...places].map(([id, path]): ListedMesh => ({ id, name: basename(path) }));
  return [
    { method: "GET", path: "/api/meshes", answer: async () => json(listed), still: async () => [{}] },
    {
      method: "GET",
      path: "/api/meshes/:id",
      answer: async ({ params }) => {
        const path = places.get(params.id!);
        return path === undefined ? nothing : bytes(await readBytes(path));
      },
      still: async () => listed.map(({ id }) => ({ id })),
    },
  ];
}

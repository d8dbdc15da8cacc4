/** What the page sends of files that were dropped on it. */
import { angstrom } from "../../domain/units.js";
import { json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import type { Volumes } from "../volumes/slices.js";
import { mostDroppedBytes, readDropped } from "./droppedPositions.js";

/** Reads the positions of a file for the volume that is looked at: nothing is kept. */
export const droppedRoutes = (volumes: Volumes): Route[] => [
  {
    method: "POST",
    path: "/api/volumes/:id/positions",
    answer: async ({ params, query, body }) => {
      const { run, levels } = await volumes.info(params.id!);
      const name = query.get("name") ?? "";
      if (name === "" || name.length > 255)
        throw new PickbenchError("BadUsage", "a file that is sent needs a name of 1 to 255 letters");
      const { shape, spacing } = levels[0]!;
      const looked = { run, spacing: angstrom(spacing[2]), size: shape };
      return json(await readDropped(name, await body(mostDroppedBytes), looked));
    },
  },
];

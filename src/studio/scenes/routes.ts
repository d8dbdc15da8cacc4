/** What the page asks of scenes for other programs, and what Neuroglancer reads of them. */
import * as z from "zod";
import type { Dataset } from "../../data/model.js";
import { json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import { viewers } from "../../viewers/viewerFiles.js";
import type { VolumePlace } from "../volumes/place.js";
import { type Scenes, scenesName, tomogramAt } from "./scenes.js";

const askedSchema = z.strictObject({
  /** Id of the tomogram. */
  volume: z.string().max(100),
  viewer: z.enum(viewers),
  sets: z
    .array(
      z.strictObject({
        id: z.string().max(200),
        thresholds: z.record(z.string().max(200), z.number()),
      }),
    )
    .max(20),
});

/** Routes of scenes: a scene is asked for by POST, since it is described by a body; nothing on disk changes. */
export const sceneRoutes = (dataset: Dataset, places: readonly VolumePlace[], scenes: Scenes): Route[] => [
  {
    method: "POST",
    path: "/api/scenes/:run",
    answer: async ({ params: { run }, body }) => {
      const { volume, viewer, sets } = parsed(await body());
      const place = places.find(({ id, kind }) => id === volume && kind === "tomogram");
      const tomogram = tomogramAt(dataset, run!, place?.path ?? volume);
      return json(await scenes.make({ run: run!, tomogram, viewer, sets }));
    },
  },
  {
    method: "GET",
    path: `/${scenesName}/*`,
    answer: async ({ names }) => scenes.answer(names.slice(1)),
  },
];

function parsed(body: Buffer): z.infer<typeof askedSchema> {
  try {
    return askedSchema.parse(JSON.parse(body.toString("utf8")));
  } catch (cause) {
    throw new PickbenchError("BadUsage", "the scene that was asked for is not described as it should be", {
      cause,
    });
  }
}

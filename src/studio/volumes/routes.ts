/** What the page asks of volumes. */
import { bytes, json } from "../../serve/message.js";
import type { Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import type { Axis, Volumes } from "./slices.js";

/** Routes of volumes: planes as 16 bits little endian over `range`, a block as bytes over `X-Ends`, single values. */
export const volumeRoutes = (volumes: Volumes): Route[] => [
  {
    method: "GET",
    path: "/api/volumes/:id",
    answer: async ({ params }) => json(await volumes.info(params.id!)),
    still: async () => volumes.ids().map((id) => ({ id })),
  },
  {
    method: "GET",
    path: "/api/volumes/:id/brick/:level/:z/:y/:x",
    answer: async ({ params: { id, level, z, y, x } }) =>
      bytes(await volumes.brick(id!, { level: whole(level), at: [whole(z), whole(y), whole(x)] })),
    still: async () => (await Promise.all(volumes.ids().map((id) => bricksOf(volumes, id)))).flat(),
  },
  {
    method: "GET",
    path: "/api/volumes/:id/slice/:level/:axis/:index",
    answer: async ({ params }) => {
      const { level, index } = { level: whole(params.level), index: whole(params.index) };
      const { words, size } = await volumes.plane(params.id!, level, axisOf(params.axis), index);
      const content = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      return bytes(content, { "X-Shape": size.join() });
    },
  },
  {
    method: "GET",
    path: "/api/volumes/:id/block/auto",
    answer: async ({ params }) => {
      const block = await volumes.block(params.id!);
      const headers = {
        "X-Shape": block.shape.join(),
        "X-Spacing": block.spacing.join(),
        "X-Ends": block.ends.join(),
      };
      return bytes(block.bytes, headers);
    },
    still: async () => volumes.ids().map((id) => ({ id })),
  },
  {
    method: "GET",
    path: "/api/volumes/:id/value/:z/:y/:x",
    answer: async ({ params: { id, z, y, x } }) =>
      json({ value: await volumes.value(id!, [whole(z), whole(y), whole(x)]) }),
  },
];

async function bricksOf(volumes: Volumes, id: string) {
  const bricks = await volumes.brickList(id);
  return bricks.map(({ level, at: [z, y, x] }) => ({
    id,
    level: `${level}`,
    z: `${z}`,
    y: `${y}`,
    x: `${x}`,
  }));
}

function whole(text: string | undefined): number {
  if (text !== undefined && /^\d{1,6}$/.test(text)) return Number(text);
  throw new PickbenchError("BadUsage", `${text} is no whole number of up to six digits`);
}

function axisOf(text: string | undefined): Axis {
  if (text === "z" || text === "y" || text === "x") return text;
  throw new PickbenchError("BadUsage", `${text} is no axis, wanted z, y or x`);
}

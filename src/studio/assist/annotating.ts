/** The part of a studio that writes: held, served and let go of with it. */
import { type LoopbackServer, type Served, serveHere } from "../../serve/loopbackServer.js";
import type { Route } from "../../serve/routes.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { addressLeft, keepAddress } from "../annotations/address.js";
import { notePath } from "../annotations/ownNotes.js";
import { annotationRoutes } from "../annotations/routes.js";
import { holdAnnotations } from "../annotations/session.js";
import type { Opened } from "../opened.js";
import { Jobs } from "./jobs.js";
import { assistRoutes } from "./routes.js";

/** Writing, with what ends it. */
interface Annotating {
  readonly routes: readonly Route[];
  /** Serves; at the address of the last studio of the session, where there was one and no port is asked for. */
  serve(port: number, served: Omit<Served, "port">): Promise<LoopbackServer>;
  close(): Promise<void>;
}

/** A studio without a data set to annotate; subsets of surveys are written by their catalogue. */
const nothingToWrite: Annotating = {
  routes: [],
  serve: (port, served) => serveHere({ ...served, port }),
  close: async () => undefined,
};

/**
 * Takes the annotation session that a studio was asked for; nothing where it only shows.
 *
 * @throws PickbenchError BadUsage where there is no data set to annotate, or another studio has the session
 */
export async function startAnnotating(opened: Opened): Promise<Annotating> {
  if (!opened.isAnnotating) return nothingToWrite;
  const { dataset, surveys, user: userId, session: sessionId } = opened;
  if (dataset === undefined && surveys.length > 0) return nothingToWrite;
  if (dataset === undefined)
    throw new PickbenchError("BadUsage", "--annotate needs a data set; name one, or give --data DIR");
  const held = await holdAnnotations(dataset, { userId, sessionId });
  const { annotations } = held;
  const { annotator } = annotations;
  const jobs = new Jobs(await notePath(annotator, "processes"));
  await jobs.endLeft();
  return {
    routes: [
      ...annotationRoutes(annotations),
      ...assistRoutes({ opened, dataset, annotations, jobs, flags: [] }),
    ],
    serve: async (port, served) => {
      const left = await addressLeft(annotator);
      const again = { ...served, token: left?.token };
      const server = await serveHere({ ...again, port: port || (left?.port ?? 0) }).catch(
        (error: unknown) => {
          if (port !== 0 || left === undefined || !isPickbenchError(error)) throw error;
          return serveHere({ ...served, port: 0 });
        },
      );
      await keepAddress(annotator, server.url);
      return server;
    },
    close: async () => {
      await jobs.close();
      await held.close();
    },
  };
}

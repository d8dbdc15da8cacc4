/** What the page has to know when it is loaded. */

import { json } from "../serve/message.js";
import type { Route } from "../serve/routes.js";
import { ownVersion } from "../system/version.js";
import type { Opened } from "./opened.js";
import type { VolumePlace } from "./volumes/place.js";

/** A volume as it is listed. */
export type ListedVolume = Pick<VolumePlace, "id" | "name" | "kind" | "isShown">;

/** A studio as its page sees it. */
export interface Session {
  readonly title: string;
  readonly version: string;
  readonly isAnnotating: boolean;
  /** copick's user and session of annotations. */
  readonly user: string;
  readonly session: string;
  readonly runs: readonly { readonly name: string; readonly volumes: readonly ListedVolume[] }[];
  /** Particles with radii in Å. */
  readonly particles: readonly {
    readonly name: string;
    readonly radius: number;
    readonly weight: number;
    readonly colour: readonly [number, number, number];
  }[];
  /** How many of each kind of other things were opened. */
  readonly has: { readonly surveys: number; readonly runFolders: number; readonly submissions: number };
}

/** The route of the session. */
export const sessionRoutes = (opened: Opened, places: readonly VolumePlace[]): Route[] => [
  {
    method: "GET",
    path: "/api/session",
    answer: async () => json(sessionOf(opened, places)),
    still: async () => [{}],
  },
];

function sessionOf(opened: Opened, places: readonly VolumePlace[]): Session {
  const volumes = new Map<string, ListedVolume[]>();
  for (const { name: run } of opened.dataset?.runs ?? []) volumes.set(run, []);
  for (const { id, name, kind, run, isShown } of places)
    volumes.set(run, [...(volumes.get(run) ?? []), { id, name, kind, ...(isShown && { isShown }) }]);
  const { title, isAnnotating, user, session, surveys, runFolders, submissions } = opened;
  return {
    title,
    version: ownVersion(),
    isAnnotating,
    user,
    session,
    runs: [...volumes].map(([name, listed]) => ({ name, volumes: listed })),
    particles: (opened.dataset?.particles ?? []).map(({ name, radius, weight, colour }) => ({
      name,
      radius,
      weight,
      colour,
    })),
    has: { surveys: surveys.length, runFolders: runFolders.length, submissions: submissions.length },
  };
}

// The page's views, in the order of its tabs. A view is shown where the session has what it shows.
import type { ComponentType } from "preact";
import { isStill } from "./api.js";
import { Data } from "./browse/data.js";
import { Look } from "./look/look.js";
import { Leaderboard } from "./progress/leaderboard.js";
import { Queue } from "./progress/queue.js";
import { Runs } from "./progress/runs.js";
import type { Session } from "./session.js";

export interface View {
  /** In the address. */
  readonly name: string;
  readonly label: string;
  readonly isShown: (session: Session) => boolean;
  readonly View: ComponentType;
}

export const views: readonly View[] = [
  { name: "look", label: "Look", isShown: ({ runs }) => runs.length > 0, View: Look },
  {
    name: "data",
    label: "Data",
    isShown: ({ runs, has }) => !isStill && (runs.length > 0 || has.surveys > 0),
    View: Data,
  },
  {
    name: "runs",
    label: "Runs",
    isShown: ({ has, isAnnotating }) => has.runFolders > 0 || (isAnnotating && !isStill),
    View: Runs,
  },
  {
    name: "leaderboard",
    label: "Leaderboard",
    isShown: ({ has }) => has.submissions > 0,
    View: Leaderboard,
  },
  { name: "queue", label: "Queue", isShown: ({ has }) => has.runFolders > 0 && !isStill, View: Queue },
];

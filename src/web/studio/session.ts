// What the server said when the page was loaded.
import { signal } from "@preact/signals";
import type { Session } from "../../studio/session.js";

export type { ListedVolume, Session } from "../../studio/session.js";

/** The session; undefined until it is loaded. */
export const session = signal<Session | undefined>(undefined);

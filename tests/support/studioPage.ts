/** What modules of the studio's page take from a browser, so that they run without one. */
import { vi } from "vitest";
import { Model, type ModelOptions } from "../../src/web/studio/annotate/model.js";

/** Stands in for the page; modules of it are imported afterwards. @returns the window's own events */
export function studioPage(): EventTarget {
  const events = new EventTarget();
  vi.stubGlobal("document", { documentElement: { dataset: {} }, baseURI: "http://127.0.0.1:1/token/" });
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  vi.stubGlobal("localStorage", undefined);
  for (const name of ["HTMLElement", "HTMLInputElement", "HTMLTextAreaElement", "HTMLSelectElement"])
    vi.stubGlobal(name, class {});
  return events;
}

/** Returns an event with what a pointer or a key tells. */
export const eventWith = (name: string, told: Readonly<Record<string, unknown>>): Event =>
  Object.assign(new Event(name, { cancelable: true }), told);

/** Returns a run's annotation whose server takes everything. @param masks that are there */
export function pageModel(
  given: Partial<ModelOptions> = {},
  masks: Awaited<ReturnType<ModelOptions["load"]>>["masks"] = [],
): Model {
  return new Model({
    name: "data",
    client: "a",
    keeper: undefined,
    types: new Set(["ribosome"]),
    send: async (edits) => ({ number: edits.at(-1)!.number, refused: [] }),
    load: async () => ({ picks: [], masks, isFolded: true, trouble: undefined }),
    loadSlice: async () => new Uint8Array(0),
    pause: async () => undefined,
    changed: () => undefined,
    ...given,
  });
}

/** What modules of the studio's page take from a browser, so that they run without one. */
import { vi } from "vitest";

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

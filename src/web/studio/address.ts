// Where the page is: `#/VIEW/NAME…?key=value`, so that a link keeps the view.
import { signal } from "@preact/signals";

/** A place in the page. */
export interface Address {
  readonly view: string;
  /** Names after the view, such as a run's. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads an address; a broken one is that of the first view. */
function readAddress(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...names] = path.split("/");
  try {
    return { view, names: names.map(decodeURIComponent), query: new URLSearchParams(query) };
  } catch {
    return { view: "", names: [], query: new URLSearchParams() };
  }
}

/** Writes an address. */
export function addressText(view: string, names: readonly string[], query?: URLSearchParams): string {
  const path = [view, ...names.map(encodeURIComponent)].join("/");
  const asked = query?.toString() ?? "";
  return `#/${path}${asked === "" ? "" : `?${asked}`}`;
}

/** Where the page is now. */
export const address = signal<Address>(readAddress(""));

/** Follows the browser's address. */
export function followAddress(): void {
  const read = (): void => {
    address.value = readAddress(location.hash);
  };
  addEventListener("hashchange", read);
  read();
}

/** Keeps the view in the address without a step of history. */
export function keepAddress(view: string, names: readonly string[], query: URLSearchParams): void {
  history.replaceState(null, "", addressText(view, names, query));
}

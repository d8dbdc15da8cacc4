/** Who may ask: only programs of this machine, only with the token, only pages that were told to. */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isHidden } from "../system/paths/sidecar.js";

/** What a request has to show. */
export interface Door {
  readonly token: string;
  /** What a request may name as its host: another name is a page that has this machine's address by DNS. */
  readonly hosts: readonly string[];
  /** Origins of pages that may ask: the server's own, and foreign ones that may read. */
  readonly own: readonly string[];
  readonly foreign: readonly string[];
}

/** What a browser says of a request that no page of another origin makes; "same-site" is another port of this machine. */
const ownSites: readonly string[] = ["none", "same-origin"];

/**
 * Returns the status with which a request is turned away by where it comes from; undefined where it may go on. A page of
 * another origin is let in by its origin alone, and to read alone.
 */
export function turnedAway({ headers, method }: IncomingMessage, door: Door): 403 | 421 | undefined {
  const { host, origin } = headers;
  if (host === undefined || !door.hosts.includes(host.toLowerCase())) return 421;
  const site = headers["sec-fetch-site"];
  if (origin === undefined) return site !== undefined && !ownSites.includes(String(site)) ? 403 : undefined;
  if (door.own.includes(origin)) return undefined;
  const isReading = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return isReading && door.foreign.includes(origin) ? undefined : 403;
}

/** Returns the names after the token; undefined for another token or any path that is not plainly one down. */
export function namesOf(path: string, token: string): string[] | undefined {
  const [root, given = "", ...encoded] = path.split("/");
  if (root !== "" || !isEqual(given, token) || encoded.length === 0) return undefined;
  if (encoded.length === 1 && encoded[0] === "") return [];
  const names: string[] = [];
  for (const each of encoded) {
    const name = decoded(each);
    const isPlain = name !== undefined && name !== "" && !/[/\\\0]/.test(name);
    if (!isPlain || isHidden(name)) return undefined;
    names.push(name);
  }
  return names;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A server of one scene for one page: the tomogram's store and the points, on this machine alone. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf, PickbenchError } from "../system/errors.js";
import { openFile } from "../system/paths/opening.js";
import { isHidden } from "../system/paths/sidecar.js";

/** What is served, and to whom. */
interface Served {
  /** Folders by their name in the address; no other file can be had. */
  readonly folders: ReadonlyMap<string, string>;
  /** Bytes by their path in the address. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Origin of the page that may read it, such as https://neuroglancer-demo.appspot.com. */
  readonly origin: string;
  /** Any free one if 0. */
  readonly port: number;
}

/** A server that runs. */
export interface SceneServer {
  /** Address of everything that is served, with a token that nobody can guess, and without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = "127.0.0.1";

/**
 * Serves until it is closed: only to this machine, only with the token, only to pages of the origin, only to read. No folder
 * is listed, and no link leads out of a folder.
 *
 * @throws BadUsage where the port cannot be had
 */
export async function serveScene(served: Served): Promise<SceneServer> {
  const token = randomBytes(24).toString("base64url");
  const folders = new Map<string, string>();
  for (const [name, folder] of served.folders) folders.set(name, await realpath(folder));
  let hosts: readonly string[] = [];
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    answer(request, response, { ...served, folders, token, hosts }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(served.port, loopback, resolve);
  }).catch((cause: unknown) => {
    throw new PickbenchError(
      "BadUsage",
      `port ${served.port} of this machine cannot be had (${messageOf(cause)}); give another --port, or none for any that is free`,
      { cause },
    );
  });
  const { port } = server.address() as AddressInfo;
  hosts = [`${loopback}:${port}`, `localhost:${port}`];
  return {
    url: `http://${loopback}:${port}/${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answering extends Served {
  readonly token: string;
  /** What a request may name as its host: another name is a page that has this machine's address by DNS. */
  readonly hosts: readonly string[];
}

/** What a browser says of a request that no page of another origin makes; "same-site" is another port of this machine. */
const ownSites: readonly string[] = ["none", "same-origin"];

async function answer(request: IncomingMessage, response: ServerResponse, served: Answering): Promise<void> {
  const { host, origin } = request.headers;
  if (host === undefined || !served.hosts.includes(host.toLowerCase())) return refuse(response, 421);
  const site = request.headers["sec-fetch-site"];
  const isOfOtherPage = origin === undefined && site !== undefined && !ownSites.includes(String(site));
  if (isOfOtherPage || (origin !== undefined && origin !== served.origin)) return refuse(response, 403);
  setHeaders(response, origin);
  if (request.method === "OPTIONS") return preflight(request, response);
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405);
  const names = namesOf(request.url ?? "", served.token);
  if (names === undefined) return refuse(response, 404);
  const bytes = served.files.get(names.join("/"));
  if (bytes) return send(request, response, bytes.length, (from, to) => bytes.subarray(from, to));
  const [name, ...below] = names;
  const folder = served.folders.get(name!);
  if (folder === undefined || below.length === 0) return refuse(response, 404);
  return sendFile(request, response, folder, below);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Length": 0 }).end();
}

function setHeaders(response: ServerResponse, origin: string | undefined): void {
  if (origin !== undefined) response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Vary", "Origin");
  response.setHeader("Access-Control-Expose-Headers", "Content-Length, Content-Range, Accept-Ranges");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Cache-Control", "no-store");
}

/** Answers what a browser asks before it lets a page of another origin ask this machine. */
function preflight(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Methods", "GET, HEAD");
  response.setHeader("Access-Control-Allow-Headers", "Range");
  if (request.headers["access-control-request-private-network"] === "true")
    response.setHeader("Access-Control-Allow-Private-Network", "true");
  refuse(response, 204);
}

/** Returns the names after the token; undefined for another token or any path that is not plainly one down. */
function namesOf(url: string, token: string): string[] | undefined {
  const [path] = url.split("?");
  const [root, given = "", ...encoded] = path!.split("/");
  if (root !== "" || !isEqual(given, token) || encoded.length === 0) return undefined;
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

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  below: readonly string[],
): Promise<void> {
  const path = await realpath(join(folder, ...below)).catch(() => undefined);
  if (path?.startsWith(folder + sep) !== true) return refuse(response, 404);
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return refuse(response, 404);
  try {
    const { size } = await file.stat();
    await send(request, response, size, (start, end) =>
      file.createReadStream({ start, end: end - 1, autoClose: false }),
    );
  } finally {
    await file.close();
  }
}

type Part = Uint8Array | NodeJS.ReadableStream;

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  size: number,
  partOf: (start: number, end: number) => Part,
): Promise<void> {
  const range = rangeOf(request.headers.range, size);
  if (range === null) {
    response.setHeader("Content-Range", `bytes */${size}`);
    return refuse(response, 416);
  }
  const [start, end] = range ?? [0, size];
  response.writeHead(range ? 206 : 200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": end - start,
    "Accept-Ranges": "bytes",
    ...(range ? { "Content-Range": `bytes ${start}-${end - 1}/${size}` } : {}),
  });
  if (request.method === "HEAD" || start === end) {
    response.end();
    return;
  }
  const part = partOf(start, end);
  if (part instanceof Uint8Array) response.end(part);
  else await pipeline(part, response);
}

/**
 * Reads a Range of one part (RFC 9110, 14.2): its first byte and the one after its last. Undefined where the whole is to
 * be sent, as for several parts; null where nothing of it is there.
 */
function rangeOf(header: string | undefined, size: number): readonly [number, number] | null | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const [start, end] =
    first === ""
      ? [Math.max(0, size - Number(last)), size]
      : [Number(first), last === "" ? size : Math.min(size, Number(last) + 1)];
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  return start < end ? [start, end] : null;
}

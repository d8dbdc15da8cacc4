/** A server for a browser on this machine. The room `serve` knows who may ask and how to answer, and nothing of tomograms. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isPickbenchError, messageOf, PickbenchError } from "../system/errors.js";
import { type Door, namesOf, turnedAway } from "./door.js";
import { type Asked, json, type Method, nothing, type Reply } from "./message.js";
import { refuse, send } from "./sending.js";

/** What a server answers, and to whom. */
export interface Served {
  /** Any free one if 0. */
  readonly port: number;
  /** That of an earlier server, whose pages go on; a new one if absent. */
  readonly token?: string | undefined;
  /** Origins of pages elsewhere that may read, such as https://neuroglancer-demo.appspot.com. */
  readonly foreign?: readonly string[];
  /** The first name of the paths that foreign pages may read; all if absent. */
  readonly foreignBelow?: string;
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Methods that are answered; to read alone if absent. */
  readonly methods?: readonly Method[];
  /** Answers a request; what it throws is told as JSON `{error: {tag, message}}`. */
  answer(asked: Asked): Promise<Reply>;
}

/** A server that runs. */
export interface LoopbackServer {
  /** Address of everything that is served, with a token that nobody can guess, and without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = "127.0.0.1";
/** Connections at once: a browser opens six a host. */
const mostConnections = 128;
/** Bytes of a body where a route does not say otherwise. */
const usualBody = 2 ** 20;
const headersTimeout = 10_000;
const requestTimeout = 60_000;

/**
 * Serves until it is closed: only to this machine, only with the token, only to its own pages and to read to foreign ones.
 *
 * @throws BadUsage where the port cannot be had
 */
export async function serveHere(served: Served): Promise<LoopbackServer> {
  const token = served.token ?? randomBytes(24).toString("base64url");
  let door: Door = { token, hosts: [], own: [], foreign: [] };
  const limits = { maxHeaderSize: 16_384, headersTimeout, requestTimeout };
  const server = createServer(limits, (request, response) => {
    answer(request, response, served, door).catch(() => response.destroy());
  });
  server.maxConnections = mostConnections;
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
  const hosts = [`${loopback}:${port}`, `localhost:${port}`];
  door = { token, hosts, own: hosts.map((host) => `http://${host}`), foreign: served.foreign ?? [] };
  return {
    url: `http://${loopback}:${port}/${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  served: Served,
  door: Door,
): Promise<void> {
  const refused = turnedAway(request, door);
  if (refused !== undefined) return refuse(response, refused);
  setHeaders(response, served, request.headers.origin);
  if (request.method === "OPTIONS") return preflight(request, response);
  const methods = served.methods ?? ["GET"];
  const method = methods.find((each) => each === (request.method === "HEAD" ? "GET" : request.method));
  if (method === undefined) return refuse(response, 405);
  const [path, query = ""] = splitOnce(request.url ?? "");
  const names = namesOf(path, door.token);
  if (names === undefined) return refuse(response, 404);
  const isForeign = served.foreign?.includes(request.headers.origin ?? "") === true;
  if (isForeign && served.foreignBelow !== undefined && names[0] !== served.foreignBelow)
    return refuse(response, 403);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const asked: Asked = {
    method,
    names,
    query: new URLSearchParams(query),
    headers: request.headers,
    body: (most = usualBody) => bodyOf(request, most),
    signal: gone.signal,
  };
  const reply = await served.answer(asked).catch(replyOfError);
  await send(request, response, reply);
}

function splitOnce(url: string): [path: string, query?: string] {
  const at = url.indexOf("?");
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

function setHeaders(response: ServerResponse, served: Served, origin: string | undefined): void {
  if (origin !== undefined) response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Vary", "Origin");
  response.setHeader("Access-Control-Expose-Headers", "Content-Length, Content-Range, Accept-Ranges");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Cache-Control", "no-store");
  for (const [name, value] of Object.entries(served.headers ?? {})) response.setHeader(name, value);
}

/** Answers what a browser asks before it lets a page of another origin ask this machine. */
function preflight(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Methods", "GET, HEAD");
  response.setHeader("Access-Control-Allow-Headers", "Range");
  if (request.headers["access-control-request-private-network"] === "true")
    response.setHeader("Access-Control-Allow-Private-Network", "true");
  refuse(response, 204);
}

async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most)
      throw new PickbenchError("BadUsage", `the request has more than ${most} bytes; send less at once`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function replyOfError(error: unknown): Reply {
  if (!isPickbenchError(error))
    return json({ error: { tag: "Failed", message: `the server failed: ${messageOf(error)}` } }, 500);
  if (error.tag === "Stopped") return nothing;
  return json({ error: { tag: error.tag, message: error.message } }, 400);
}

/** Sends an answer, whole or the part of it that was asked for. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { isRanged, type Ranged, type Reply } from "./message.js";

/** Ends with a status alone. */
export function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Length": 0 }).end();
}

export async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader("Content-Type", reply.type);
  if (isRanged(reply.body)) return sendRanged(request, response, reply.body);
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  response.writeHead(reply.status ?? 200, { "Content-Length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function sendRanged(request: IncomingMessage, response: ServerResponse, body: Ranged): Promise<void> {
  const { size } = body;
  try {
    const range = rangeOf(request.headers.range, size);
    if (range === null) {
      response.setHeader("Content-Range", `bytes */${size}`);
      return refuse(response, 416);
    }
    const [start, end] = range ?? [0, size];
    response.writeHead(range ? 206 : 200, {
      "Content-Length": end - start,
      "Accept-Ranges": "bytes",
      ...(range ? { "Content-Range": `bytes ${start}-${end - 1}/${size}` } : {}),
    });
    if (request.method === "HEAD" || start === end) {
      response.end();
      return;
    }
    const part = body.part(start, end);
    if (part instanceof Uint8Array) response.end(part);
    else await pipeline(part, response);
  } finally {
    await body.close?.();
  }
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

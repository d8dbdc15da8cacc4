/** A server of files that misbehaves on demand. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type Listening, listening } from "./listening.js";

/** Misbehaves instead of answering; returns true where it did. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  count: number,
) => boolean;

export interface BadServer extends Listening {
  /** Method, path and range of every request. */
  readonly requests: string[];
  /** Returns the greatest number of simultaneous requests. */
  readonly most: () => number;
}

/** Reads the files of a folder, by path with slashes. */
export function treeOf(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => {
      const full = join(parentPath, name);
      return [
        full
          .slice(folder.length + 1)
          .split(sep)
          .join("/"),
        readFileSync(full),
      ];
    }),
  );
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Makes a page of ListObjectsV2, in the form of S3's documentation. */
function listPage(files: ReadonlyMap<string, Buffer>, query: URLSearchParams, perPage: number): string {
  const keys = [...files.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
  const start = Number(query.get("continuation-token") ?? 0);
  const objects = keys.slice(start, start + perPage).map((key) => {
    const content = files.get(key)!;
    return `<Contents><Key>${escaped(key)}</Key><LastModified>2024-11-06T00:00:00.000Z</LastModified><ETag>&quot;${etagOf(content)}&quot;</ETag><Size>${content.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const more = start + perPage < keys.length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>${objects.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${start + perPage}</NextContinuationToken>` : ""}${objects.join("")}</ListBucketResult>`;
}

export const etagOf = (content: Buffer): string => createHash("md5").update(content).digest("hex");

/** Starts a server as `startServer` does, for the time of the test. */
export async function serve(...given: Parameters<typeof startServer>): Promise<BadServer> {
  const server = await startServer(...given);
  onTestFinished(server.close);
  return server;
}

/**
 * Starts a server on 127.0.0.1 for files by path, with ranges; a path `/BUCKET/?list-type=2` lists those below
 * `BUCKET/`.
 *
 * @param fault called for every request, with the file's content and the number of requests for the file so far
 */
export async function startServer(
  files: ReadonlyMap<string, Buffer>,
  fault: Fault = () => false,
  perPage = 1000,
): Promise<BadServer> {
  const requests: string[] = [];
  const counts = new Map<string, number>();
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    const path = decodeURIComponent(pathname).slice(1);
    requests.push([request.method, path, request.headers.range].filter((part) => part).join(" "));
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    const content = files.get(path);
    if (fault(request, response, content ?? Buffer.alloc(0), count)) return;
    if (searchParams.get("list-type") === "2") {
      const below = new Map(
        [...files]
          .filter(([key]) => key.startsWith(path))
          .map(([key, value]) => [key.slice(path.length), value]),
      );
      response.end(listPage(below, searchParams, perPage));
      return;
    }
    if (content === undefined) {
      response.writeHead(404).end("<Error/>");
      return;
    }
    const etag = `"${etagOf(content)}"`;
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    if (from === undefined || request.headers["if-range"] !== etag) {
      response.writeHead(200, { etag, "content-length": content.length }).end(content);
      return;
    }
    const rest = content.subarray(Number(from));
    response.writeHead(206, {
      etag,
      "content-length": rest.length,
      "content-range": `bytes ${from}-${content.length - 1}/${content.length}`,
    });
    response.end(rest);
  });
  return { ...(await listening(server)), requests, most: () => most };
}

/** Sends the head and half of the body, then breaks the connection once whoever asked has had time to take that. */
export function halfBody(response: ServerResponse, content: Buffer): true {
  response.writeHead(200, { etag: `"${etagOf(content)}"`, "content-length": content.length });
  response.write(content.subarray(0, Math.floor(content.length / 2)));
  void afterTurns(15).then(() => response.destroy());
  return true;
}

/** Waits for turns of the event loop, 10 ms each: however long the machine stands still, others have as many. */
async function afterTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await wait(10);
}

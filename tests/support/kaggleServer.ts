/** Kaggle as its API answers: a list in pages, and downloads that lead on to another server that holds the files. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { competition } from "../../src/data/remote/challenge/kaggleFiles.js";
import { type Fault, startServer } from "./badServer.js";
import { type Listening, listening } from "./listening.js";

/** Answers a request of the API in place of it; returns true where it did. */
export type ApiFault = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

interface Faults {
  readonly api?: ApiFault;
  readonly storage?: Fault;
  /** Sizes that the list says, over the files' own. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly perPage?: number;
}

export interface KaggleServer extends Listening {
  /** Path, query and `authorization` of every request to the API. */
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[];
  /** `authorization` of every request to the server of the files. */
  readonly shown: (string | undefined)[];
  /** Paths and ranges asked of the server of the files. */
  readonly fetched: readonly string[];
}

/** The token that the server knows. */
export const goodToken = "KGAT_good";

/** Starts both servers on 127.0.0.1. */
export async function startKaggle(
  files: ReadonlyMap<string, Buffer>,
  faults: Faults = {},
): Promise<KaggleServer> {
  const { perPage = 3, sizes = {} } = faults;
  const shown: (string | undefined)[] = [];
  const storage = await startServer(files, (request, ...rest) => {
    shown.push(request.headers.authorization);
    return faults.storage?.(request, ...rest) ?? false;
  });
  const asked: KaggleServer["asked"] = [];
  const names = [...files.keys()];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    asked.push({ path: request.url ?? "", authorization: request.headers.authorization });
    if (faults.api?.(request, response, asked.length)) return;
    if (request.headers.authorization !== `Bearer ${goodToken}`) {
      response.writeHead(401).end("{}");
      return;
    }
    const download = `/competitions/data/download/${competition}/`;
    if (pathname.startsWith(download)) {
      const to = `${storage.url}/${pathname.slice(download.length)}?X-Goog-Signature=secret`;
      response.writeHead(302, { location: to }).end();
      return;
    }
    if (pathname !== `/competitions/data/list/${competition}`) {
      response.writeHead(404).end("{}");
      return;
    }
    const from = Number(searchParams.get("pageToken") || 0);
    const page = names.slice(from, from + perPage);
    const next = from + perPage < names.length ? String(from + perPage) : "";
    response.end(
      JSON.stringify({
        files: page.map((name) => ({
          ref: name,
          name,
          creationDate: "2024-11-06T00:00:00Z",
          totalBytes: sizes[name] ?? files.get(name)!.length,
        })),
        nextPageToken: next,
      }),
    );
  });
  const { url, close } = await listening(server);
  return {
    url,
    asked,
    shown,
    fetched: storage.requests,
    async close() {
      await storage.close();
      await close();
    },
  };
}

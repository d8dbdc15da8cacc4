/** Requests as they are written, whose paths and headers fetch would tidy. */
import { type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Asks a server. @param asked `path` in place of the URL's, `method`, and headers */
export function ask(
  url: string,
  { path = new URL(url).pathname, method = "GET", ...headers }: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          body: Buffer.concat(parts).toString("latin1"),
          headers: response.headers,
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Servers that answer as no server should: each way of doing so has a name. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { listening } from "./listening.js";

/** One request for the file. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Number of requests for the file so far, this one included. */
  readonly count: number;
  /** The file, and another version of it of the same length. */
  readonly whole: Buffer;
  readonly other: Buffer;
  /** Bytes after which a broken answer breaks. */
  readonly broken: number;
  /** Byte from which on the rest is asked for; undefined where all is. */
  readonly from: number | undefined;
  /** Address of a second server on this machine, which answers everything with six bytes. */
  readonly inside: string;
}

type Fields = Record<string, string | number>;
type Answer = (asked: Asked) => unknown;

const tagged = { etag: '"a"' };

const all = ({ response, whole }: Asked, fields: Fields = tagged, body = whole) =>
  response.writeHead(200, { "content-length": body.length, ...fields }).end(body);

const head = (asked: Asked, fields: Fields = tagged) => {
  const { response, request, whole, broken } = asked;
  response.writeHead(200, { "content-length": whole.length, ...fields }).write(whole.subarray(0, broken));
  setTimeout(() => request.socket.destroy(), 30);
};

const rest = ({ response, from = 0 }: Asked, body: Buffer, fields: Fields = tagged) =>
  response
    .writeHead(206, {
      "content-length": body.length - from,
      "content-range": `bytes ${from}-${body.length - 1}/${body.length}`,
      ...fields,
    })
    .end(body.subarray(from));

/** Breaks the first answer; the next ones are `later`. */
const brokenFirst =
  (later: Answer, fields: Fields = tagged): Answer =>
  (asked) =>
    asked.count === 1 ? head(asked, fields) : later(asked);

const whole: Answer = (asked) => all(asked);

/** Answers a question for the rest; one for the whole is answered with the file. */
const rests =
  (later: Answer): Answer =>
  (asked) =>
    asked.from === undefined ? all(asked) : later(asked);

/** Writes bytes as they are, without HTTP's own rules, and closes. */
const raw =
  (start: string, body: (asked: Asked) => Buffer): Answer =>
  (asked) => {
    const { socket } = asked.request;
    socket.write(
      start.replaceAll("LENGTH", String(asked.whole.length)).replaceAll("HALF", String(asked.broken)),
    );
    socket.end(body(asked));
  };

const repeated = (asked: Asked, every: number, work: () => unknown) => {
  const timer = setInterval(work, every);
  asked.request.socket.on("close", () => clearInterval(timer));
};

const to =
  (target: (asked: Asked) => string): Answer =>
  (asked) =>
    asked.response.writeHead(302, { location: target(asked) }).end();

const status =
  (code: number, fields: Fields = {}): Answer =>
  ({ response }) =>
    response.writeHead(code, fields).end();

const wholeOf = ({ whole: body }: Asked): Buffer => body;
const halfOf = ({ whole: body, broken }: Asked): Buffer => body.subarray(0, broken);
const nothing = (): Buffer => Buffer.alloc(0);
const pathOf = ({ request }: Asked): string => new URL(request.url!, "http://x").pathname;

/** What a server does, by name. */
export const behaviours = {
  ok: whole,
  "trunc-always": (asked) => head(asked),
  "trunc-once": brokenFirst(rests((asked) => rest(asked, asked.whole))),
  "trunc-noetag": brokenFirst((asked) => all(asked, {}), {}),
  "trunc-nolen": ({ response, whole: body, broken }) => response.writeHead(200).end(body.subarray(0, broken)),
  "trunc-http10": raw("HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n", halfOf),
  "len-short": raw("HTTP/1.1 200 OK\r\nContent-Length: HALF\r\nConnection: close\r\n\r\n", wholeOf),
  "len-long": raw("HTTP/1.1 200 OK\r\nContent-Length: LENGTH0\r\nConnection: close\r\n\r\n", wholeOf),
  "len-neg": raw("HTTP/1.1 200 OK\r\nContent-Length: -5\r\nConnection: close\r\n\r\n", wholeOf),
  "len-two": raw(
    "HTTP/1.1 200 OK\r\nContent-Length: LENGTH\r\nContent-Length: HALF\r\nConnection: close\r\n\r\n",
    wholeOf,
  ),
  "len-10T": (asked) => {
    const { socket } = asked.request;
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000000000\r\n\r\n");
    repeated(asked, 5, () => socket.write(asked.whole));
  },
  endless: (asked) => {
    asked.response.writeHead(200);
    repeated(asked, 1, () => {
      for (let i = 0; i < 64 && asked.response.writableLength < 2 ** 24; i++)
        asked.response.write(asked.whole);
    });
  },
  "endless-other": (asked) => {
    asked.response.writeHead(200);
    const mebibyte = Buffer.alloc(2 ** 20, 7);
    repeated(asked, 1, () => {
      for (let i = 0; i < 16 && asked.response.writableLength < 2 ** 24; i++) asked.response.write(mebibyte);
    });
  },
  drip: (asked) => {
    asked.response.writeHead(200, { "content-length": asked.whole.length });
    let sent = 0;
    repeated(asked, 20, () => asked.response.write(asked.whole.subarray(sent, ++sent)));
  },
  "drip-headers": (asked) => {
    asked.request.socket.write("HTTP/1.1 200 OK\r\nX: ");
    repeated(asked, 20, () => asked.request.socket.write("y"));
  },
  silent: () => undefined,
  "headers-endless": (asked) => {
    const { socket } = asked.request;
    socket.write("HTTP/1.1 200 OK\r\n");
    let line = 0;
    repeated(asked, 1, () => socket.write(`X-${line++}: ${"y".repeat(4000)}\r\n`));
  },
  loop: to((asked) => `${pathOf(asked)}?${asked.count}`),
  "loop-self": to(pathOf),
  "to-file": to(() => "file:///etc/passwd"),
  "to-ftp": to(() => "ftp://127.0.0.1/x"),
  "to-data": to(() => "data:application/octet-stream,hello"),
  "to-internal": to(({ inside }) => `${inside}/latest/meta-data/x.mrc`),
  "to-creds": to(({ inside }) => `${inside.replace("//", "//user:pw@")}/x.mrc`),
  "to-bad": to(() => "http://[::bad"),
  "to-esc": to(() => "ftp://x/%1b[31mRED"),
  "503-always": ({ response }) => response.writeHead(503).end("busy"),
  "503-ra": (asked) => (asked.count < 3 ? status(503, { "retry-after": "1" })(asked) : all(asked)),
  "429-ra-date": (asked) =>
    asked.count < 2
      ? status(429, { "retry-after": new Date(Date.now() + 1000).toUTCString() })(asked)
      : all(asked),
  "429-ra-huge": status(429, { "retry-after": "99999999" }),
  "etag-change": brokenFirst((asked) => all(asked, { etag: '"b"' }, asked.other)),
  "etag-change-206": brokenFirst((asked) =>
    asked.from === undefined
      ? all(asked, { etag: '"b"' }, asked.other)
      : rest(asked, asked.other, { etag: '"b"' }),
  ),
  "etag-change-206-always": brokenFirst((asked) => rest(asked, asked.other, { etag: '"b"' })),
  "etag-change-206-noetag": brokenFirst((asked) => rest(asked, asked.other, {})),
  "date-change-206": (asked) => {
    const date = { date: "Thu, 07 Nov 2024 00:00:00 GMT" };
    if (asked.count === 1) return head(asked, { ...date, "last-modified": "Wed, 06 Nov 2024 00:00:00 GMT" });
    const later = { ...date, "last-modified": "Wed, 06 Nov 2024 01:00:00 GMT" };
    return asked.from === undefined ? all(asked, later, asked.other) : rest(asked, asked.other, later);
  },
  "weak-etag-206": brokenFirst((asked) => rest(asked, asked.other, { etag: 'W/"a"' }), { etag: 'W/"a"' }),
  "206-wrong": brokenFirst(
    rests(({ response, whole: body, from = 0 }) =>
      response
        .writeHead(206, {
          ...tagged,
          "content-length": body.length - from - 10,
          "content-range": `bytes ${from + 10}-${body.length - 1}/${body.length}`,
        })
        .end(body.subarray(from + 10)),
    ),
  ),
  "206-norange": brokenFirst(
    rests(({ response, whole: body, from = 0 }) =>
      response.writeHead(206, { ...tagged, "content-length": body.length - from }).end(body.subarray(from)),
    ),
  ),
  "206-total-changed": brokenFirst(({ response, other, from = 0 }) =>
    response
      .writeHead(206, {
        ...tagged,
        "content-length": 10,
        "content-range": `bytes ${from}-${from + 9}/${from + 10}`,
      })
      .end(other.subarray(0, 10)),
  ),
  "206-unasked": ({ response, whole: body }) =>
    response
      .writeHead(206, { "content-length": 100, "content-range": "bytes 0-99/100" })
      .end(body.subarray(0, 100)),
  "416": brokenFirst(rests(status(416))),
  gzip: ({ response, whole: body }) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(body)),
  "gzip-lie": (asked) => all(asked, { "content-encoding": "gzip" }),
  br: ({ response, whole: body }) =>
    response.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(body)),
  "304": status(304),
  "204": status(204),
  "200-empty": status(200, { "content-length": 0 }),
  html: ({ response }) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<html>captive portal: log in</html>"),
  "html-of-that-length": (asked) =>
    all(asked, {}, Buffer.from("<!DOCTYPE html>\n<html>log in</html>".padEnd(asked.whole.length, " "))),
  http09: raw("garbage no http\r\n\r\n", nothing),
  reset: ({ request }) => request.socket.destroy(),
  "401": status(401, { "www-authenticate": "Basic" }),
  "403": status(403),
  "404": status(404),
  "500": status(500),
  "status-esc": raw("HTTP/1.1 404 \u001b[31mEVIL\u001b[0m\r\nContent-Length: 0\r\n\r\n", nothing),
  "status-esc2": raw(
    "HTTP/1.1 410 \u001b[31mEVIL\u001b]0;pwned\u0007\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    nothing,
  ),
} satisfies Record<string, Answer>;

export type Behaviour = keyof typeof behaviours;

export const behaviourNames = Object.keys(behaviours) as Behaviour[];

/** A file that is served in a hostile way; all others of the server are served as they should. */
interface Hostile {
  readonly path: string;
  readonly behaviour: Behaviour;
  readonly other: Buffer;
  readonly broken: number;
}

/** Answers POST requests: the portal's API. */
type Post = (body: string, response: ServerResponse) => unknown;

/** Starts a server on 127.0.0.1 for files by path, of which one is served in a hostile way. Returns its address. */
export async function hostileServer(
  files: ReadonlyMap<string, Buffer>,
  { path: attacked, behaviour, other, broken }: Hostile,
  post?: Post,
): Promise<{ readonly url: string; readonly count: () => number }> {
  const inside = await answering((_, response) => response.end("secret"));
  let count = 0;
  const url = await answering((request, response) => {
    if (request.method === "POST") return answered(request, (body) => post?.(body, response));
    const path = decodeURIComponent(new URL(request.url!, "http://x").pathname).slice(1);
    const content = files.get(path);
    if (content === undefined) return response.writeHead(404).end();
    if (path !== attacked) return response.writeHead(200, { "content-length": content.length }).end(content);
    count++;
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const from = range === undefined ? undefined : Number(range);
    const asked = { request, response, count, whole: content, other, broken, from, inside };
    return (behaviours[behaviour] as Answer)(asked);
  });
  return { url, count: () => count };
}

function answered(request: IncomingMessage, answer: (body: string) => unknown): void {
  let body = "";
  request.on("data", (piece: Buffer) => {
    body += piece.toString();
  });
  request.on("end", () => answer(body));
}

/** Starts a server on 127.0.0.1 for the time of the test. Returns its address. */
export async function answering(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const server = createServer((request, response) => {
    request.socket.on("error", () => undefined);
    response.on("error", () => undefined);
    answer(request, response);
  });
  const { url, close } = await listening(server);
  onTestFinished(close);
  return url;
}

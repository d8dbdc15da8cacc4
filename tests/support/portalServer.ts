/** The CryoET Data Portal with one run: its API, whose answers are of the published schema, and its files. */
import { type BadServer, type Fault, startServer, treeOf } from "./badServer.js";

export interface PortalServer extends BadServer {
  /** Address of the API. */
  readonly api: string;
  /** What it was asked. */
  readonly queries: readonly { readonly query: string; readonly variables: unknown }[];
  /** Its files by path, `10440/TS_1/Reconstructions/…`. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const inside = "10440/TS_1/Reconstructions/VoxelSpacing10.000";
const annotation = `${inside}/Annotations/100/ferritin-1.0`;
const store = `${inside}/Tomograms/100/TS_1.zarr`;

/** Starts both on 127.0.0.1. @param from the store of the run's tomogram; @param fault of requests for files */
export async function startPortal(from: string, fault: Fault = () => false): Promise<PortalServer> {
  const document = (content: unknown) => Buffer.from(`${JSON.stringify(content)}\n`);
  const files = new Map([...treeOf(from)].map(([name, content]) => [`${store}/${name}`, content]));
  files.set(
    `${inside}/Tomograms/100/tomogram_metadata.json`,
    document({ processing: "denoised", reconstruction_method: "WBP" }),
  );
  files.set(
    `${annotation}.json`,
    document({
      annotation_object: { name: "ferritin complex" },
      ground_truth_status: true,
      files: [{ format: "ndjson", path: `${annotation}_point.ndjson` }],
    }),
  );
  files.set(`${annotation}_point.ndjson`, document({ type: "point", location: { x: 1, y: 2, z: 3 } }));
  const queries: { query: string; variables: unknown }[] = [];
  const server = await startServer(files, (request, response, ...rest) => {
    if (request.method !== "POST") return fault(request, response, ...rest);
    let text = "";
    request.on("data", (piece: Buffer) => {
      text += piece.toString();
    });
    request.on("end", () => {
      const asked = JSON.parse(text) as (typeof queries)[number];
      queries.push(asked);
      const field = /\{ (\w+)\(/.exec(asked.query)![1]!;
      response.end(JSON.stringify({ data: { [field]: answers(server.url)[field] } }));
    });
    return true;
  });
  return { ...server, api: `${server.url}/graphql`, queries, files };
}

const answers = (url: string): Readonly<Record<string, readonly unknown[]>> => ({
  datasets: [
    { id: 10441, title: "B", organismName: null, fileSize: null },
    { id: 10440, title: "A", organismName: "in vitro", fileSize: 2.5e9 },
  ],
  runs: [{ id: 7, name: "TS_1" }],
  tomograms: [{ processing: "denoised", reconstructionMethod: "WBP", httpsOmezarrDir: `${url}/${store}` }],
  annotationFiles: [
    {
      httpsPath: `${url}/${annotation}_point.ndjson`,
      annotationShape: { annotation: { httpsMetadataPath: `${url}/${annotation}.json` } },
    },
  ],
});

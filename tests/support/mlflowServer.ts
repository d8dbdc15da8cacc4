/** A server that speaks MLflow's REST interface as far as its documentation says what a run needs, or misbehaves. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Listening, listening } from "./listening.js";

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
}

/** What a client may send. */
interface Sent {
  readonly name?: string;
  readonly run_id?: string;
  readonly run_name?: string;
  readonly status?: string;
  readonly metrics?: readonly Metric[];
  readonly params?: readonly { readonly key: string; readonly value: string }[];
}

/** What the server holds of a run. */
interface HeldRun {
  readonly name: string;
  status: string;
  readonly metrics: Metric[];
  readonly params: Map<string, string>;
}

export interface MlflowServer extends Listening {
  /** Method and path of every request. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  readonly experiments: Map<string, string>;
  readonly runs: Map<string, HeldRun>;
  /** Misbehaves instead of answering; returns true where it did. */
  fault: (response: ServerResponse, path: string) => boolean;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const block of request) text += String(block);
  return text;
};

/** Starts a server without experiments. */
export async function startMlflow(): Promise<MlflowServer> {
  const held = {
    requests: [] as string[],
    authorizations: [] as (string | undefined)[],
    experiments: new Map<string, string>(),
    runs: new Map<string, HeldRun>(),
    fault: (() => false) as MlflowServer["fault"],
  };
  const server = createServer(async (request, response) => {
    const path = request.url!.replace("/api/2.0/mlflow/", "");
    held.requests.push(`${request.method} ${path}`);
    held.authorizations.push(request.headers.authorization);
    const body = await readBody(request).catch(() => "");
    if (held.fault(response, path)) return;
    const [status, answer] = answerTo(held, path, body === "" ? {} : JSON.parse(body));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  return Object.assign(held, await listening(server));
}

function answerTo(
  { experiments, runs }: Pick<MlflowServer, "experiments" | "runs">,
  path: string,
  { name = "", run_id = "", run_name = "", status = "", metrics = [], params = [] }: Sent,
): [number, unknown] {
  const [route, query] = path.split("?");
  if (route === "experiments/get-by-name") {
    const id = experiments.get(new URLSearchParams(query).get("experiment_name")!);
    return id === undefined
      ? [404, { error_code: "RESOURCE_DOES_NOT_EXIST" }]
      : [200, { experiment: { experiment_id: id } }];
  }
  if (route === "experiments/create") {
    const id = String(experiments.size + 1);
    experiments.set(name, id);
    return [200, { experiment_id: id }];
  }
  if (route === "runs/create") {
    const id = `run${runs.size}`;
    runs.set(id, { name: run_name, status: "RUNNING", metrics: [], params: new Map() });
    return [200, { run: { info: { run_id: id } } }];
  }
  const run = runs.get(run_id);
  if (!run) return [404, { error_code: "RESOURCE_DOES_NOT_EXIST" }];
  if (route === "runs/update") run.status = status;
  else if (metrics.length > 1000 || params.length > 100)
    return [400, { error_code: "INVALID_PARAMETER_VALUE" }];
  run.metrics.push(...metrics);
  for (const { key, value } of params) run.params.set(key, value);
  return [200, {}];
}

/** MLflow's REST interface (api/2.0/mlflow), as far as a run is written: its experiment, itself, parameters, metrics. */
import { z } from "zod";
import { messageOf, PickbenchError } from "../../../system/errors.js";

/** A server of MLflow, from the environment. Holds secrets: it is in no record and no message. */
export interface MlflowTarget {
  /** Address without secrets. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly experiment: string;
}

/**
 * Reads MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and
 * MLFLOW_EXPERIMENT_NAME; null where no server is named.
 *
 * @throws PickbenchError BadUsage where the address is not one of http or https, or the token cannot be one; no message
 * holds any of it
 */
export function mlflowTarget(env: NodeJS.ProcessEnv): MlflowTarget | null {
  const given = env.MLFLOW_TRACKING_URI;
  if (given === undefined || given === "") return null;
  const address = URL.canParse(given) ? new URL(given) : null;
  if (!address || !/^https?:$/.test(address.protocol))
    throw new PickbenchError(
      "BadUsage",
      "the environment variable MLFLOW_TRACKING_URI is no address of http:// or https://; give the one of a server of MLflow, or unset it",
    );
  const { MLFLOW_TRACKING_TOKEN: token } = env;
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new PickbenchError(
      "BadUsage",
      "the environment variable MLFLOW_TRACKING_TOKEN holds no token, which is one word of letters, digits and signs; set it to one, or unset it",
    );
  const user = env.MLFLOW_TRACKING_USERNAME ?? decoded(address.username);
  const password = env.MLFLOW_TRACKING_PASSWORD ?? decoded(address.password);
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return {
    url: `${address.origin}${address.pathname.replace(/\/+$/, "")}`,
    authorization: token ? `Bearer ${token}` : user || password ? basic : undefined,
    experiment: env.MLFLOW_EXPERIMENT_NAME || "pickbench",
  };
}

/** Returns text of an address decoded; as it is where it holds a % that encodes nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A number as MLflow takes it. */
export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** ms since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** What a run is created with. */
export interface MlflowRun {
  readonly name: string;
  readonly startMs: number;
  readonly parameters: readonly (readonly [key: string, value: string])[];
}

/** Most metrics and parameters of one request, and the longest parameter, by MLflow's documentation. */
export const mostMetrics = 1000;
const mostParameters = 100;
const longestValue = 500;
/** Most bytes that are read of an answer. */
const mostAnswer = 2 ** 20;

/** A request that the server refused for what it says, so that it is no use to repeat it. */
export class Refusal extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Answers of the server; all else that they hold is nobody's business. */
const found = z.looseObject({ experiment: z.looseObject({ experiment_id: z.string() }) });
const created = z.looseObject({ experiment_id: z.string() });
const begun = z.looseObject({ run: z.looseObject({ info: z.looseObject({ run_id: z.string() }) }) });

/** Writes one run. What was done is remembered, so that every call may be repeated after it failed. */
export class MlflowClient {
  private readonly target: MlflowTarget;
  private readonly run: MlflowRun;
  private readonly signal: AbortSignal;
  private readonly timeoutMs: number;
  private experimentId: string | undefined;
  private runId: string | undefined;
  private parameters = 0;

  constructor(target: MlflowTarget, run: MlflowRun, signal: AbortSignal, timeoutMs = 10_000) {
    this.target = target;
    this.run = run;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
  }

  /** Sends metrics, at most `mostMetrics`, after creating the run where it is not yet created. */
  async log(metrics: readonly MlflowMetric[]): Promise<void> {
    const id = await this.open();
    await this.ask("POST", "runs/log-batch", { run_id: id, metrics });
  }

  async end(status: "FINISHED" | "FAILED" | "KILLED", endMs: number): Promise<void> {
    await this.ask("POST", "runs/update", { run_id: await this.open(), status, end_time: endMs });
  }

  private async open(): Promise<string> {
    const { name, startMs, parameters } = this.run;
    this.experimentId ??= await this.experiment();
    if (this.runId === undefined) {
      const answer = await this.ask("POST", "runs/create", {
        experiment_id: this.experimentId,
        run_name: name,
        start_time: startMs,
        tags: [
          { key: "mlflow.runName", value: name },
          { key: "mlflow.source.name", value: "pickbench" },
        ],
      });
      this.runId = begun.parse(answer).run.info.run_id;
    }
    while (this.parameters < parameters.length) {
      const next = parameters.slice(this.parameters, this.parameters + mostParameters);
      await this.ask("POST", "runs/log-batch", {
        run_id: this.runId,
        params: next.map(([key, value]) => ({ key: mlflowName(key), value: value.slice(0, longestValue) })),
      });
      this.parameters += next.length;
    }
    return this.runId;
  }

  private async experiment(): Promise<string> {
    const { experiment: name } = this.target;
    try {
      const answer = await this.ask(
        "GET",
        `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`,
      );
      return found.parse(answer).experiment.experiment_id;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 404) throw error;
      return created.parse(await this.ask("POST", "experiments/create", { name })).experiment_id;
    }
  }

  /** @throws Refusal where the server says that the request is wrong; Error where it may work later */
  private async ask(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    const { url, authorization } = this.target;
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(this.timeoutMs)]),
    }).catch((error: unknown) => {
      throw new Error(whyOf(error), { cause: error });
    });
    const text = await boundedText(response);
    if (response.ok) return text === "" ? {} : (JSON.parse(text) as unknown);
    const says = `${path.split("?")[0]}: status ${response.status}`;
    const isLasting =
      response.status >= 400 && response.status < 500 && ![408, 429].includes(response.status);
    throw isLasting ? new Refusal(says, response.status) : new Error(says);
  }
}

/** What a failed fetch says: the cause is more telling than "fetch failed". */
function whyOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : messageOf(error);
}

async function boundedText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const block of response.body ?? []) {
    text += decoder.decode(block as Uint8Array, { stream: true });
    if (text.length > mostAnswer) throw new Error("an answer without end");
  }
  return text;
}

/** Returns a name of which MLflow takes every character: letters, digits, `_`, `-`, `.`, `/` and blanks. */
export const mlflowName = (name: string): string => name.replace(/[^\w\-./ ]/g, "_").slice(0, 250);

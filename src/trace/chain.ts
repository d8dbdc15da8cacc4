/**
 * The chain from an output to the raw files: what was read, by which commands it was made, and how all that stands now. The
 * room `trace` draws it, writes it as a script, and finds what is to be cited on it.
 */
import { existsSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isUntouched } from "../makings/fingerprint.js";
import { isAddress } from "../makings/making.js";
import { modelOptions } from "../makings/options.js";
import { PickbenchError } from "../system/errors.js";
import { type Reporter, silentReporter } from "../system/reporter.js";
import { modelNames, ownModels } from "../train/checkpoint/models.js";
import { type Made, type Maker, makersInside, makersOf, type Noted } from "./makers.js";
import { type State, stateOf } from "./standing.js";

/** What a thing of the chain is; a `model` comes along with pickbench, a `name` is neither path nor address. */
export type NodeKind = "file" | "folder" | "run" | "model" | "address" | "name";

/** A file, a folder or what else was read or made. */
export interface ChainNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** Whole path; of a name or an address the word itself. */
  readonly path: string;
  readonly state: State;
  /** What it differs from, in words; empty where nothing differs. */
  readonly why: readonly string[];
  /** SHA-256 as it was last noted. */
  readonly sha256?: string | undefined;
  /** Ids of the steps that made it, the oldest first; none of what is raw. */
  readonly makers: readonly string[];
}

/** A command of the chain. */
export interface ChainStep extends Omit<Maker, "inputs" | "outputs"> {
  readonly id: string;
  readonly inputs: readonly { readonly option: string; readonly node: string }[];
  /** What it wrote, as it was noted. */
  readonly outputs: readonly Noted[];
}

/** All that led to an output. */
export interface Chain {
  /** Id of the output's node. */
  readonly target: string;
  readonly nodes: readonly ChainNode[];
  /** In an order in which they can be run again. */
  readonly steps: readonly ChainStep[];
  /** Sentences on what cannot be read. */
  readonly notes: readonly string[];
}

interface TraceOptions {
  /** Whether contents are read even where sizes and times are as noted. */
  readonly reads?: boolean;
  readonly reporter?: Reporter;
}

/**
 * Traces what made a file or folder.
 *
 * @throws PickbenchError BadUsage where nothing stands there, and nothing says how it was made
 */
export async function traceOf(path: string, options: TraceOptions = {}): Promise<Chain> {
  const whole = resolve(path);
  const made = await makersOf(whole);
  const wasThere = made?.makers.some(({ outputs }) => outputs.some((output) => output.path === whole));
  if (!existsSync(whole) && !wasThere)
    throw new PickbenchError("BadUsage", `${path} is not there; name a file or folder that pickbench wrote`, {
      path,
    });
  const tracer = new Tracer(options.reads === true, await modelNames());
  const target = await tracer.node({ option: "", path: whole, isPath: true, selection: {} });
  return tracer.chain(target, options.reporter ?? silentReporter);
}

/** What was noted of a thing, and what noted it so. */
interface Expected {
  readonly noted: Noted;
  readonly by: string;
}

/** What is known of a node while the chain is followed. */
interface Draft {
  readonly id: string;
  readonly kind: NodeKind;
  readonly path: string;
  /** How those that read it found it. */
  readonly expected: Expected[];
  readonly makers: Set<string>;
  /** How its last maker left it, or of a run what its record tells of its files. */
  written?: readonly Expected[];
  /** Output of its makers that it is or lies in. */
  within?: Noted | undefined;
}

class Tracer {
  readonly #reads: boolean;
  readonly #models: readonly string[];
  readonly #nodes = new Map<string, Draft>();
  readonly #steps = new Map<string, string>();
  readonly #done: ChainStep[] = [];
  readonly #notes = new Set<string>();

  constructor(reads: boolean, models: readonly string[]) {
    this.#reads = reads;
    this.#models = models;
  }

  /** Follows what was noted of a thing to its makers; returns its id. @param before start of the step that read it */
  async node(noted: Noted, by?: string, before?: string): Promise<string> {
    const { key, kind, path } = this.#identity(noted);
    const draft = this.#draft(key, kind, path);
    if (by !== undefined)
      draft.expected.push({ noted: { ...noted, path, isPath: noted.isPath || kind === "model" }, by });
    if (kind === "model" || !noted.isPath) return draft.id;
    const { made, place } = await this.#found(path);
    if (made === undefined) return draft.id;
    for (const note of made.notes) this.#notes.add(note);
    const makers =
      made.output === place ? made.makers : made.makers.filter((maker) => !isOlder(place, maker));
    for (const maker of earlierThan(before, makers)) {
      draft.makers.add(await this.#step(maker));
      draft.within = maker.outputs.find((output) => output.path === made.output);
    }
    draft.written = writtenBy(makers, place, kind) ?? writtenBy(makers, await realOf(place), kind) ?? [];
    return draft.id;
  }

  /** Makers of what stands at a path; of a link of which nothing says it, those of what it leads to. */
  async #found(path: string): Promise<{ made: Made | undefined; place: string }> {
    const made = await this.#makers(path);
    const place = await realOf(path);
    const isUnknown = made === undefined || made.makers.length === 0;
    return isUnknown && place !== path ? { made: await this.#makers(place), place } : { made, place: path };
  }

  #draft(key: string, kind: NodeKind, path: string): Draft {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const draft: Draft = { id: `n${this.#nodes.size + 1}`, kind, path, expected: [], makers: new Set() };
    this.#nodes.set(key, draft);
    return draft;
  }

  async #makers(path: string): Promise<Made | undefined> {
    const made = await makersOf(path);
    if (made?.output === path || !isFolder(path)) return made;
    const inside = await makersInside(path);
    return inside.makers.length > 0 ? inside : made;
  }

  #identity({ path, isPath, option }: Noted): { key: string; kind: NodeKind; path: string } {
    if (isPath) return { key: path, kind: kindAt(path), path };
    if (modelOptions.includes(option) && this.#models.includes(path)) {
      const file = join(ownModels, `${path}.safetensors`);
      return { key: file, kind: "model", path: file };
    }
    return { key: `word ${path}`, kind: isAddress(path) ? "address" : "name", path };
  }

  async #step(maker: Maker): Promise<string> {
    const key = [maker.startedAt, ...maker.command].join("\0");
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const id = `s${this.#steps.size + 1}`;
    this.#steps.set(key, id);
    const inputs: { option: string; node: string }[] = [];
    const name = maker.command[0]!;
    for (const input of maker.inputs) {
      const isRewritten = maker.outputs.some((output) => output.path === input.path);
      const node = isRewritten
        ? this.#rewritten(input, name)
        : await this.node(input, `${name} read it`, maker.startedAt);
      inputs.push({ option: input.option, node });
    }
    this.#done.push({ ...maker, id, inputs });
    return id;
  }

  /** What a step wrote over: a thing of its own, which is gone. */
  #rewritten({ path }: Noted, by: string): string {
    const key = `${path} before ${by}`;
    const draft = this.#draft(key, "file", path);
    const noted: Noted = { option: "", path, isPath: true, selection: {}, sha256: "" };
    draft.expected.push({ noted, by: `${by} wrote over it` });
    return draft.id;
  }

  async chain(target: string, reporter: Reporter): Promise<Chain> {
    const progress = reporter.progress("looking at what was noted", this.#nodes.size, "files or folders");
    const nodes: ChainNode[] = [];
    try {
      for (const draft of this.#nodes.values()) {
        nodes.push(await this.#judged(draft));
        progress.update(nodes.length, draft.path);
      }
    } finally {
      progress.stop();
    }
    return { target, nodes, steps: this.#done, notes: [...this.#notes] };
  }

  async #judged({ id, kind, path, expected: read, written = [], makers, within }: Draft): Promise<ChainNode> {
    const expected = [...read, ...written];
    const found: { state: State; by: string }[] = [];
    for (const { noted, by } of expected) found.push({ state: await stateOf(noted, this.#reads), by });
    const isHeld = expected.every(({ noted }) => noted.sha256 === undefined);
    if (
      isHeld &&
      within &&
      existsSync(path) &&
      (await isUntouched(within.path, within.stamp, within.selection))
    )
      found.push({ state: "as noted", by: "" });
    const has = (state: State) => found.some((each) => each.state === state);
    const isGone = !isWord({ kind }) && !existsSync(path);
    const state = isGone || has("gone") ? "gone" : (["changed", "as noted"] as const).find(has);
    return {
      ...{ id, kind, path },
      state: state ?? "not noted",
      why: [...new Set(found.filter((each) => each.state === "changed").map(({ by }) => by))],
      sha256: expected.findLast(({ noted }) => noted.sha256)?.noted.sha256,
      makers: [...makers],
    };
  }
}

/** Tells whether something is a word: a name or an address, and no path. */
export const isWord = ({ kind }: Pick<ChainNode, "kind">): boolean => kind === "name" || kind === "address";

/** Tells whether something is a file or folder of which nothing notes how it was made. */
export const isRaw = ({ kind, makers }: ChainNode): boolean =>
  makers.length === 0 && (kind === "file" || kind === "folder");

/** A path without links; the path itself where nothing is there. */
const realOf = (path: string): Promise<string> => realpath(path).catch(() => path);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function kindAt(path: string): NodeKind {
  if (!isFolder(path)) return "file";
  return existsSync(join(path, "record.json")) ? "run" : "folder";
}

/** Returns how the last of the makers that wrote a thing left it; of a run, else, the files whose hashes its record holds; else undefined. */
function writtenBy(makers: readonly Maker[], path: string, kind: NodeKind): Expected[] | undefined {
  const own = (maker: Maker) => maker.outputs.filter((output) => output.path === path);
  const last = makers.findLast((maker) => own(maker).length > 0);
  if (last) return own(last).map((noted) => ({ noted, by: `${last.command[0]} wrote it` }));
  if (kind !== "run") return undefined;
  return makers.flatMap(({ outputs, command }) =>
    outputs
      .filter((output) => dirname(output.path) === path && existsSync(output.path))
      .map((noted) => ({ noted, by: `${command[0]} wrote its ${basename(noted.path)}` })),
  );
}

/** Tells whether a file in a maker's folder lay there before it began; of a clock's last seconds nothing is told. */
function isOlder(path: string, { startedAt }: Maker): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.mtimeMs + 2000 < Date.parse(startedAt);
}

/** Who made a thing before something was read at that time; all, where none did. */
function earlierThan(before: string | undefined, makers: readonly Maker[]): readonly Maker[] {
  const earlier = makers.filter(({ startedAt }) => before === undefined || startedAt < before);
  return earlier.length > 0 ? earlier : makers;
}

/** Masks of a run while they are painted, and the boxes that say where they are known. */
import { join } from "node:path";
import { angstrom } from "../../domain/units.js";
import { isOneGrid, type Shape3, type Spacing3 } from "../../domain/volume.js";
import { openZarrArray } from "../../formats/zarr/array.js";
import { createEditedStore } from "../../formats/zarr/editedStore.js";
import { readMultiscales } from "../../formats/zarr/ome.js";
import { isPickbenchError } from "../../system/errors.js";
import { isThere } from "../../system/paths/replacing.js";
import type { Box6, Change, MaskChange } from "./edits.js";
import { checkStroke, PaintedMask } from "./mask.js";
import { refused } from "./picksState.js";
import { type Annotator, maskPath, masksThere, readBoxes, writeBoxes } from "./places.js";

/** The grid of a tomogram that masks are painted on. */
export interface MaskGrid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Å of the first voxel, where its metadata declare it. */
  readonly translation?: readonly number[] | undefined;
}

/** A mask by name, its grid, and where it is known. */
export interface MaskState {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  /** Å per voxel along z, y, x. */
  readonly spacing: readonly [number, number, number];
  readonly boxes: readonly Box6[];
}

/** Most masks of a run. */
const mostMasks = 64;

export class RunMasks {
  readonly #annotator: Annotator;
  readonly #run: string;
  #grids: readonly MaskGrid[] = [];
  readonly #states = new Map<string, MaskState>();
  readonly #open = new Map<string, PaintedMask>();
  /** Masks whose stores were made before the journal ended. */
  readonly #made = new Set<string>();
  readonly #boxesChanged = new Set<string>();
  /** Masks of the annotator that another program has written so that they cannot be painted on. */
  readonly #foreign = new Set<string>();

  constructor(annotator: Annotator, run: string) {
    this.#annotator = annotator;
    this.#run = run;
  }

  /** Says which grids masks may have. */
  allow(grids: readonly MaskGrid[]): void {
    this.#grids = grids;
  }

  /** Takes the masks that a journal begins with. */
  begin(states: readonly MaskState[]): void {
    for (const state of states) this.#states.set(state.name, state);
    this.saved();
  }

  /** Takes it that the stores of all masks have been made, so that one that is missing was removed. */
  saved(): void {
    for (const name of this.#states.keys()) this.#made.add(name);
  }

  states(): MaskState[] {
    return [...this.#states.values()];
  }

  /** Whether strokes or boxes wait to be saved. */
  get isDirty(): boolean {
    return this.#boxesChanged.size > 0 || [...this.#open.values()].some((mask) => mask.isDirty);
  }

  /**
   * Applies a change but for the voxels of a stroke, which it only checks.
   *
   * @returns what takes it back
   * @throws PickbenchError BadUsage where it does not fit
   */
  apply(change: MaskChange): () => void {
    if (change.do === "mask") return this.#add(change);
    const state = this.#stateOf(change.mask);
    if (change.do === "paint") {
      checkStroke(change, state.shape);
      return () => undefined;
    }
    const { box } = change;
    const isInside = [0, 1, 2].every(
      (axis) => box[axis]! < box[axis + 3]! && box[axis + 3]! <= state.shape[axis]!,
    );
    if (!isInside) throw refused("a box lies outside of the mask");
    const at = state.boxes.findIndex((each) => each.join() === box.join());
    const boxes =
      change.do === "box" ? [...state.boxes, box] : state.boxes.filter((_, index) => index !== at);
    if (change.do === "unbox" && at < 0) throw refused("there is no such box");
    this.#states.set(state.name, { ...state, boxes });
    this.#boxesChanged.add(state.name);
    return () => this.#states.set(state.name, state);
  }

  /** Paints checked strokes, on masks that are made where they are not there. */
  async paint(changes: readonly Change[]): Promise<void> {
    for (const name of this.#states.keys()) await this.#maskOf(name);
    for (const change of changes)
      if (change.do === "paint") await (await this.#maskOf(change.mask)).paint(change);
  }

  /** Opens the stores that are there, makes those that are missing, and paints what they may lack. */
  async open(strokes: readonly Change[]): Promise<void> {
    for (const { name, path } of await masksThere(this.#annotator, this.#run)) {
      if (this.#states.has(name)) continue;
      const state = await this.#found(name, path).catch((error: unknown) => {
        if (isPickbenchError(error)) return undefined;
        throw error;
      });
      if (state === undefined) this.#foreign.add(name);
      else this.#states.set(name, state);
    }
    for (const name of this.#made) {
      if (await isThere(this.#pathOf(name))) continue;
      this.#states.delete(name);
      this.#boxesChanged.add(name);
    }
    await this.paint(strokes.filter((change) => "mask" in change && this.#states.has(change.mask)));
  }

  /** Writes strokes and boxes into their files. @returns whether there was anything to write */
  async save(): Promise<boolean> {
    const dirty = [...this.#open.values()].filter((mask) => mask.isDirty);
    for (const mask of dirty) await mask.save();
    const changed = [...this.#boxesChanged];
    for (const name of changed) {
      await writeBoxes(this.#annotator, name, this.#run, this.#states.get(name)?.boxes ?? []);
      this.#boxesChanged.delete(name);
    }
    return dirty.length + changed.length > 0;
  }

  async slice(name: string, axis: 0 | 1 | 2, index: number): Promise<Uint8Array> {
    const { shape } = this.#stateOf(name);
    if (!(Number.isInteger(index) && index >= 0 && index < shape[axis]))
      throw refused("there is no such slice");
    return (await this.#maskOf(name)).slice(axis, index);
  }

  #stateOf(name: string): MaskState {
    const state = this.#states.get(name);
    if (state === undefined) throw refused(`there is no mask ${name.slice(0, 60)}`);
    return state;
  }

  #add({ mask: name, shape, spacing }: Extract<MaskChange, { do: "mask" }>): () => void {
    if (this.#foreign.has(name)) throw refused(`another program has written the mask ${name.slice(0, 60)}`);
    if (this.#states.has(name)) throw refused(`the mask ${name.slice(0, 60)} is there already`);
    if (this.#states.size >= mostMasks) throw refused(`a run has ${mostMasks} masks at most`);
    maskPath(this.#annotator, this.#run, name, spacing[2]);
    const grid = this.#gridOf({ shape, spacing });
    if (grid === undefined)
      throw refused(`the run has no tomogram of ${shape.join("×")} voxels of that size`);
    this.#states.set(name, { name, shape: [...grid.shape], spacing: [...grid.spacing], boxes: [] });
    return () => this.#states.delete(name);
  }

  #gridOf({ shape, spacing }: Pick<MaskState, "shape" | "spacing">): MaskGrid | undefined {
    const lengths = spacing.map((length) => angstrom(length)) as unknown as Spacing3;
    return this.#grids.find((grid) => isOneGrid(grid, { shape, spacing: lengths }));
  }

  #pathOf(name: string): string {
    return maskPath(this.#annotator, this.#run, name, this.#stateOf(name).spacing[2]);
  }

  async #maskOf(name: string): Promise<PaintedMask> {
    const there = this.#open.get(name);
    if (there !== undefined) return there;
    const state = this.#stateOf(name);
    const path = this.#pathOf(name);
    if (!(await isThere(path))) {
      const grid = this.#gridOf(state);
      if (grid === undefined) throw refused(`no tomogram of the run has the grid of the mask ${name}`);
      await createEditedStore(path, grid);
    }
    const mask = await PaintedMask.open(path, state.shape);
    this.#open.set(name, mask);
    return mask;
  }

  /** Describes a mask of which no journal tells; undefined where it fits no tomogram. */
  async #found(name: string, path: string): Promise<MaskState | undefined> {
    const [level] = (await readMultiscales(path)).levels;
    const { shape } = await openZarrArray(join(path, level!.path));
    const grid = this.#grids.find((each) => each.shape.join() === shape.join());
    if (grid === undefined) return undefined;
    this.#open.set(name, await PaintedMask.open(path, grid.shape));
    const boxes = (await readBoxes(this.#annotator, name))[this.#run] ?? [];
    return { name, shape: [...grid.shape], spacing: [...grid.spacing], boxes };
  }
}

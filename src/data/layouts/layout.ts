/** What a layout of data sets is: a way to recognise one at a path. */
import type { Particle } from "../../domain/particles.js";
import type { DataAccess, LabelledObject, Run } from "../model.js";

/** A data set as a layout found it. */
export interface FoundData {
  /** The folder or file that it was found at. */
  readonly root: string;
  /** The writable root. */
  readonly overlay: string;
  /** Its roots, overlay first. */
  readonly roots: readonly string[];
  /** Sorted by name. */
  readonly runs: readonly Run[];
  /** From a configuration; the challenge's if absent. */
  readonly particles?: readonly Particle[];
  /** Objects with labels, from a configuration. */
  readonly objects?: readonly LabelledObject[];
}

/** What is asked for beside the path. */
export interface Asked {
  readonly part: "train" | "test" | undefined;
  /** The part that counts where both are there and none is asked for. */
  readonly prefer: "train" | "test";
  /** The split of a manifest that is asked for by name. */
  readonly split?: string | undefined;
  readonly access: DataAccess;
}

export interface Layout {
  /** Recognises what lies at a path that exists; undefined where it is of another layout. @throws BadDataset where it is broken */
  recognise(path: string, asked: Asked): Promise<FoundData | undefined>;
}

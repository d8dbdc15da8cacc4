// Files that were dropped on the viewer or chosen by hand: positions become marks, meshes surfaces, both for this page alone.
import { computed, signal } from "@preact/signals";
import { getBytes, getJson, isStill, named, send, sentence } from "../api.js";
import { session } from "../session.js";
import { isMeshName, readMesh } from "../space/meshes/readMesh.js";
import { meshes } from "../space/space.js";
import { freeName, markOf, type Positioned } from "./droppedMarks.js";
import { type MarkLayer, overlays, panel, run, showMarks, volume } from "./stage.js";

/** Positions as the server read them from a file. */
interface DroppedPicks {
  readonly name: string;
  readonly format: string;
  readonly picks: readonly Positioned[];
  readonly notes: readonly string[];
}

/** A file whose positions are shown. */
export interface DroppedFile {
  readonly name: string;
  readonly count: number;
  /** Says what kind of file it is, and what of it could not be taken. */
  readonly remark: string;
  readonly remove: () => void;
}

/** Bytes that a file may have. */
const mostBytes = 256 * 2 ** 20;
/** Files that are taken at once. */
const mostFiles = 20;

export const droppedFiles = signal<readonly DroppedFile[]>([]);
/** What came of the files that were dropped last, in sentences. */
export const droppedFaults = signal<readonly string[]>([]);
export const isReading = signal(false);

/** Takes files one after the other; what one of them is wrong in does not stop the others. */
export async function takeFiles(files: readonly File[]): Promise<void> {
  isReading.value = true;
  panel.value = "layers";
  const faults: string[] = [];
  if (files.length > mostFiles) faults.push(`Only ${mostFiles} files are taken at once.`);
  for (const file of files.slice(0, mostFiles))
    try {
      if (file.size > mostBytes) throw new Error(`${file.name} has more than 256 MB.`);
      if (isMeshName(file.name)) addMesh(file.name, await file.arrayBuffer());
      else await addPositions(file);
    } catch (error) {
      faults.push(sentence(error));
    }
  droppedFaults.value = faults;
  isReading.value = false;
}

async function addPositions(file: File): Promise<void> {
  if (isStill)
    throw new Error(`${file.name}: a still copy has no server that reads positions; meshes can be shown.`);
  const info = volume.value;
  if (!info) throw new Error("There is no tomogram yet that positions could lie in.");
  const path = `api/volumes/${named(info.id)}/positions?name=${named(file.name)}`;
  const { name, format, picks, notes } = await send<DroppedPicks>("POST", path, await file.arrayBuffer());
  const particles = new Map((session.value?.particles ?? []).map((each) => [each.name, each]));
  const taken = droppedFiles.value.map((each) => each.name);
  const shown = freeName(name, taken);
  const layer: MarkLayer = {
    id: `dropped ${shown}`,
    label: shown,
    marks: computed(() =>
      run.value === info.run
        ? picks.map((pick, at) => markOf(pick, at, shown, particles.get(pick.type)))
        : [],
    ),
  };
  const hide = showMarks(layer);
  const remark = [format, ...notes].join("; ");
  const dropped: DroppedFile = {
    ...{ name: shown, count: picks.length, remark },
    remove: () => {
      hide();
      droppedFiles.value = droppedFiles.value.filter((each) => each !== dropped);
    },
  };
  droppedFiles.value = [...droppedFiles.value, dropped];
}

function addMesh(name: string, bytes: ArrayBuffer): void {
  const mesh = readMesh(name, new Uint8Array(bytes));
  const colour = mesh.colour ?? ([140, 200, 255] as const);
  const shown = { name, mesh, colour, opacity: 1, isShown: true };
  meshes.value = [...meshes.value.filter((each) => each.name !== name), shown];
}

/** Takes overlays of other runs away, and loads the meshes of this one. */
export function followRun(name: string): void {
  overlays.value = overlays.value.filter(({ info }) => info.run === name);
  void openMeshes(name);
}

interface ListedMesh {
  readonly id: string;
  readonly name: string;
}

/** Loads the meshes that were opened with the studio, and are of this run by their name or of none. */
async function openMeshes(name: string): Promise<void> {
  try {
    const listed = await getJson<readonly ListedMesh[]>("api/meshes");
    if (run.value !== name) return;
    const isOf = (file: string): boolean => !file.includes("__") || file.split("__")[0] === name;
    meshes.value = meshes.value.filter((each) => isOf(each.name));
    const lacking = listed.filter((each) => isOf(each.name) && !hasMesh(each.name));
    for (const each of lacking) await openMesh(each, name);
  } catch (error) {
    tell(error);
  }
}

const hasMesh = (file: string): boolean => meshes.value.some((each) => each.name === file);

/** Loads a mesh, unless another run is looked at meanwhile; what is wrong with it is told, and stops no other. */
async function openMesh({ id, name: file }: ListedMesh, runName: string): Promise<void> {
  if (run.value !== runName) return;
  try {
    const { data } = await getBytes(`api/meshes/${named(id)}`);
    if (run.value === runName && !hasMesh(file)) addMesh(file, data);
  } catch (error) {
    tell(error);
  }
}

function tell(error: unknown): void {
  droppedFaults.value = [...new Set([...droppedFaults.value, sentence(error)])];
}

/** Has an element take files that are dropped on it. Returns what ends that. */
export function dropZone(element: HTMLElement): () => void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
  const over = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element.dataset.dropping = "";
  };
  const leave = (event: DragEvent): void => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget)))
      delete element.dataset.dropping;
  };
  const drop = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    delete element.dataset.dropping;
    void takeFiles([...(event.dataTransfer?.files ?? [])]);
  };
  element.addEventListener("dragover", over);
  element.addEventListener("dragleave", leave);
  element.addEventListener("drop", drop);
  return () => {
    element.removeEventListener("dragover", over);
    element.removeEventListener("dragleave", leave);
    element.removeEventListener("drop", drop);
  };
}

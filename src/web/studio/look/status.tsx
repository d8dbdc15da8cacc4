// What the pointer is over: Å, voxel, value, and the mark.
import { effect, signal } from "@preact/signals";
import { getJson, isStill, named } from "../api.js";
import { hover, indexAt, type Point, place, volume } from "./stage.js";

const value = signal<{ readonly key: string; readonly text: string } | undefined>(undefined);
let waiting = 0;

/** Asks for the value under the pointer once it rests. */
effect(() => {
  const info = volume.value;
  const at = hover.value?.at;
  clearTimeout(waiting);
  if (!info || !at || isStill) return;
  const voxel = voxelOf(at);
  if (!voxel) return;
  const key = `${info.id} ${voxel.join()}`;
  waiting = window.setTimeout(() => {
    getJson<{ value: number | null }>(`api/volumes/${named(info.id)}/value/${voxel.join("/")}`).then(
      (found) => {
        value.value = { key, text: found.value === null ? "blank" : `value ${found.value.toPrecision(5)}` };
      },
      () => {
        value.value = undefined;
      },
    );
  }, 150);
});

function voxelOf(at: Point): [z: number, y: number, x: number] | undefined {
  const info = volume.value;
  if (!info) return undefined;
  const { shape, spacing } = info.levels[0]!;
  const isInside = (["z", "y", "x"] as const).every(
    (axis, along) => at[axis] >= 0 && at[axis] < shape[along]! * spacing[along]!,
  );
  if (!isInside) return undefined;
  return [indexAt(info, 0, "z", at), indexAt(info, 0, "y", at), indexAt(info, 0, "x", at)];
}

const rounded = (length: number): string => length.toFixed(0);

export function Status() {
  const info = volume.value;
  const at = hover.value?.at ?? place.value;
  const voxel = voxelOf(at);
  if (!info || !voxel) return <p class="status">&nbsp;</p>;
  const [z, y, x] = voxel;
  const isKnown = value.value?.key === `${info.id} ${voxel.join()}`;
  return (
    <p class="status" aria-live="off">
      <span>
        x {rounded(at.x)} y {rounded(at.y)} z {rounded(at.z)} Å
      </span>
      <span>
        voxel {x}, {y}, {z}
      </span>
      <span class="value">{isKnown ? value.value!.text : ""}</span>
      <span>{hover.value?.mark?.label ?? ""}</span>
    </p>
  );
}

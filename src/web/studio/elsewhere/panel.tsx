// What is on the screen, for other programs.
import { signal } from "@preact/signals";
import type { SceneFiles } from "../../../studio/scenes/scenes.js";
import { isStill, named, send, sentence } from "../api.js";
import { run, volume } from "../look/stage.js";
import { thresholdOf } from "../verdicts/counting.js";
import { chosen, particles, thresholds } from "../verdicts/state.js";

const programs = [
  { viewer: "neuroglancer", label: "Neuroglancer" },
  { viewer: "napari", label: "napari" },
  { viewer: "chimerax", label: "ChimeraX" },
  { viewer: "imod", label: "IMOD" },
] as const;

type Viewer = (typeof programs)[number]["viewer"];

/** A scene, or why there is none, with the tomogram that it was asked for. */
interface Made {
  readonly volume: string;
  readonly scene?: SceneFiles;
  readonly failure?: string;
}

const made = signal<Made | undefined>(undefined);
const isMaking = signal(false);

/** Describes the sets that are shown, each at its thresholds. */
function setsShown() {
  const plain = (["truth"] as const).map((side) => ({ id: chosen[side].value, thresholds: {} }));
  const cut = (["a", "b"] as const).map((side) => ({
    id: chosen[side].value,
    thresholds: Object.fromEntries(
      particles.value
        .map(({ name }) => [name, thresholdOf(thresholds[side].value, name)] as const)
        .filter(([, least]) => Number.isFinite(least)),
    ),
  }));
  return [...plain, ...cut].filter(({ id }) => id !== "");
}

async function make(viewer: Viewer): Promise<void> {
  if (!run.value || !volume.value) return;
  const { id } = volume.value;
  isMaking.value = true;
  made.value = undefined;
  try {
    const asked = { volume: id, viewer, sets: setsShown() };
    const scene = await send<SceneFiles>("POST", `api/scenes/${named(run.value)}`, asked);
    made.value = { volume: id, scene };
  } catch (error) {
    made.value = { volume: id, failure: sentence(error) };
  } finally {
    isMaking.value = false;
  }
}

const addressOfFile = (base64: string): string => `data:application/octet-stream;base64,${base64}`;

export function ElsewherePanel() {
  const { scene, failure } = (made.value?.volume === volume.value?.id && made.value) || {};
  if (isStill) return <p>A still copy has no server that other programs could read from.</p>;
  return (
    <div class="elsewhere">
      <p>The tomogram and the picks that are chosen beside it, at their thresholds, in another program:</p>
      <p class="buttons">
        {programs.map(({ viewer, label }) => (
          <button key={viewer} type="button" disabled={isMaking.value} onClick={() => void make(viewer)}>
            {label}
          </button>
        ))}
      </p>
      {failure && <p class="failure">{failure}</p>}
      {scene && (
        <div aria-live="polite">
          {scene.link && (
            <p>
              <a href={scene.link} target="_blank" rel="noreferrer">
                open in Neuroglancer
              </a>
              , whose page reads from this studio as long as it is open
            </p>
          )}
          <p>{scene.how}</p>
          <ul>
            {scene.files.map(({ name, base64 }) => (
              <li key={name}>
                <a href={addressOfFile(base64)} download={name}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
          {scene.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </div>
      )}
    </div>
  );
}

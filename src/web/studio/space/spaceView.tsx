// The fourth view: the tomogram in 3-D with marks, overlays, meshes and the planes' common point.
import { effect, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api.js";
import { followRun } from "../look/dropped.js";
import { goTo, hover, onMark, overlays, painted, type VolumeInfo } from "../look/stage.js";
import { blockOf, type LoadedBlock } from "./blocks.js";
import { firstCamera } from "./camera.js";
import { axes, block, content, lengths, marks, overlayBlocks } from "./space.js";
import { SpaceControls } from "./spaceControls.js";
import { drawLabels } from "./spaceOver.js";
import { steer } from "./spacePointer.js";
import { SpaceScene } from "./spaceScene.js";
import "./space.css";

/** What is wrong with one of the volumes, beside what is wrong with the graphics card. */
const loadingFault = signal("");
/** Counts how often the camera was asked back to where it was at first. */
const resets = signal(0);

export function SpaceView({ info }: { readonly info: VolumeInfo }) {
  const holder = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  useEffect(() => loading(info), [info.id]);
  useEffect(() => followRun(info.run), [info.run]);
  useEffect(() => {
    if (!holder.current || !picture.current || !over.current) return;
    return showing(holder.current, picture.current, over.current, setProblem);
  }, []);
  const said = problem ?? loadingFault.value;
  return (
    <section class="plane space" aria-label="3-D view">
      <div class="picture" ref={holder}>
        <canvas ref={picture} class="volume" />
        <canvas
          ref={over}
          class="over"
          tabIndex={0}
          role="img"
          aria-label="3-D view: drag or arrow keys turn, with shift move; wheel or + and − zoom; 0 resets"
        />
        {said && <p class="failure">{said}</p>}
        {!said && !block.value && <p class="waiting">The volume is loading.</p>}
      </div>
      <SpaceControls
        info={info}
        onReset={() => {
          resets.value++;
        }}
      />
    </section>
  );
}

/** Loads the tomogram's block, and those of the overlays that are shown. Returns what ends that. */
function loading(info: VolumeInfo): () => void {
  let isOver = false;
  const load = (id: string, then: (loaded: LoadedBlock) => void): void => {
    blockOf(id).then(
      (loaded) => {
        if (!isOver) then(loaded);
      },
      (error: unknown) => {
        if (!isOver) loadingFault.value = sentence(error);
      },
    );
  };
  loadingFault.value = "";
  block.value = undefined;
  let isAsked = false;
  const stopWaiting = effect(() => {
    if (painted.value !== info.id || isAsked) return;
    isAsked = true;
    load(info.id, (loaded) => {
      block.value = loaded;
    });
  });
  const stop = effect(() => {
    const shown = overlays.value.filter(({ isShown }) => isShown).map(({ info: { id } }) => id);
    const here = overlayBlocks.peek();
    const kept = new Map([...here].filter(([id]) => shown.includes(id)));
    if (kept.size < here.size) overlayBlocks.value = kept;
    for (const id of shown)
      if (!kept.has(id))
        load(id, (loaded) => {
          overlayBlocks.value = new Map(overlayBlocks.peek()).set(id, loaded);
        });
  });
  return () => {
    isOver = true;
    stopWaiting();
    stop();
  };
}

/** Milliseconds within which the view follows what the planes and panels show. */
const followRest = 60;

/** Has the content shown, no more often than it can be seen, once it was told that it changed. Returns what ends that. */
function following(show: () => void, onChange: () => void): () => void {
  let waiting = 0;
  show();
  const stop = effect(() => {
    content.value;
    onChange();
    waiting ||= window.setTimeout(() => {
      waiting = 0;
      show();
    }, followRest);
  });
  return () => {
    stop();
    clearTimeout(waiting);
  };
}

/** Whether the tomogram's block and those of the overlays that are shown are here. */
const isLoaded = (): boolean =>
  block.peek() !== undefined &&
  overlays.peek().every(({ info, isShown }) => !isShown || overlayBlocks.peek().has(info.id));

/** Draws on two canvases whenever what is shown changes. Returns what ends that. */
function showing(
  holder: HTMLElement,
  picture: HTMLCanvasElement,
  over: HTMLCanvasElement,
  onProblem: (sentence: string | undefined) => void,
): () => void {
  let scene: SpaceScene;
  let shown = content.peek();
  let finePictures = 0;
  const onChange = (): void => {
    delete picture.dataset.fine;
  };
  try {
    const onCoarse = (ms: number, pixels: number): void => {
      picture.dataset.coarse = `${performance.now().toFixed(0)} ${ms.toFixed(1)} ${pixels}`;
    };
    const onFine = (): void => {
      if (shown === content.peek() && isLoaded()) picture.dataset.fine = String(++finePictures);
    };
    scene = new SpaceScene(picture, { onProblem, onCoarse, onChange, onFine });
  } catch (error) {
    onProblem(sentence(error));
    return () => {};
  }
  const label = (): void => {
    const context = over.getContext("2d");
    if (context) drawLabels(context, scene.camera, scene.size, axes.value, lengths.value, devicePixelRatio);
  };
  const show = (): void => {
    shown = content.peek();
    scene.show(shown);
  };
  const look = (camera: SpaceScene["camera"]): void => {
    scene.camera = camera;
    label();
  };
  const stops = [
    following(show, onChange),
    effect(() => {
      resets.value;
      look(firstCamera(lengths.value));
    }),
    steer(over, {
      get camera() {
        return scene.camera;
      },
      set camera(camera) {
        look(camera);
      },
      get size() {
        return scene.size;
      },
      onClick: (x, y) => {
        const mark = marks.value[scene.markAt({ x, y }) ?? -1];
        if (!mark) return;
        goTo(mark);
        onMark.value?.("", mark);
      },
      onPoint: (x, y) => {
        const mark = marks.value[scene.markAt({ x, y }) ?? -1];
        hover.value = mark && { at: mark, mark };
      },
      onLeave: () => {
        hover.value = undefined;
      },
      reset: () => {
        resets.value++;
      },
    }),
  ];
  const watching = new ResizeObserver(() => {
    const [width, height] = [holder.clientWidth, holder.clientHeight].map((length) =>
      Math.round(length * devicePixelRatio),
    ) as [number, number];
    scene.resize({ width, height });
    over.width = width;
    over.height = height;
    label();
  });
  watching.observe(holder);
  return () => {
    for (const stop of stops) stop();
    watching.disconnect();
    scene.dispose();
  };
}

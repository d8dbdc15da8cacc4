// Contrast by percentiles and by hand.
import { contrast, type VolumeInfo } from "./stage.js";

const digits = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(2) : value.toPrecision(4);

export function ContrastControls({ info }: { readonly info: VolumeInfo }) {
  const [low, high] = info.contrast;
  const width = high - low;
  const [least, most] = [low - width, high + width];
  const step = (most - least) / 400;
  const [black, white] = contrast.value;
  const set = (next: readonly [number, number]): void => {
    contrast.value = next[1] - next[0] < step ? [next[0], next[0] + step] : next;
  };
  return (
    <fieldset class="contrast">
      <legend>Contrast</legend>
      <label>
        black
        <input
          type="range"
          min={least}
          max={most}
          step={step}
          value={black}
          onInput={(event) => set([Number(event.currentTarget.value), white])}
        />
        <output>{digits(black)}</output>
      </label>
      <label>
        white
        <input
          type="range"
          min={least}
          max={most}
          step={step}
          value={white}
          onInput={(event) => set([black, Math.max(Number(event.currentTarget.value), black + step)])}
        />
        <output>{digits(white)}</output>
      </label>
      <p class="buttons">
        <button type="button" onClick={() => set(info.contrast)}>
          0.5 to 99.5 %
        </button>
        <button type="button" onClick={() => set([low + 0.15 * width, high - 0.15 * width])}>
          steeper
        </button>
      </p>
    </fieldset>
  );
}

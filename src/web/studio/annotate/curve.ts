// The path of a curve in a small picture.

/** Returns an SVG path of losses by steps that fills a picture, the greatest loss at its top. */
export function curvePath(
  curve: readonly { readonly step: number; readonly loss: number }[],
  width: number,
  height: number,
): string {
  const [first, last] = [curve[0]?.step ?? 0, curve.at(-1)?.step ?? 0];
  const losses = curve.map(({ loss }) => loss);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const share = (value: number, from: number, to: number): number =>
    to === from ? 0.5 : (value - from) / (to - from);
  return curve
    .map(({ step, loss }, at) => {
      const [x, y] = [share(step, first, last) * width, (1 - share(loss, least, most)) * height];
      return `${at === 0 ? "M" : "L"}${x.toFixed(2)} ${y.toFixed(2)}`;
    })
    .join("");
}

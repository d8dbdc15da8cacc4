// A chart of lines or points as SVG, with its values as a table for who does not see it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type DrawnLine, pointNear } from "./curveData.js";
import { colourOf, dashOf } from "./lineLooks.js";
import { pathOf, type Scale, scaleOver, ticksOf, tickText } from "./scale.js";

const size = { width: 640, height: 260, left: 62, right: 12, top: 10, bottom: 40 };

/** A point with a name, and an interval around its y where low and high differ. */
export interface NamedPoint {
  readonly name: string;
  /** Written beside it. */
  readonly mark: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

interface FrameProps {
  readonly title: string;
  readonly across: string;
  readonly x: Scale;
  readonly y: Scale;
  /** Whether x is counted. */
  readonly isWhole?: boolean;
  /** Hears over which x the pointer is; undefined where it is over none. */
  readonly onPoint?: (x: number | undefined) => void;
  readonly children?: ComponentChildren;
}

function Frame({ title, across, x, y, isWhole = false, onPoint, children }: FrameProps) {
  const { width, height, left, right, bottom } = size;
  const svg = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const element = svg.current;
    if (!element || !onPoint) return;
    const moved = ({ clientX }: PointerEvent): void => {
      const box = element.getBoundingClientRect();
      const pixel = ((clientX - box.left) / box.width) * width;
      onPoint(pixel < left || pixel > width - right ? undefined : x.valueAt(pixel));
    };
    const gone = (): void => onPoint(undefined);
    element.addEventListener("pointermove", moved);
    element.addEventListener("pointerleave", gone);
    return () => {
      element.removeEventListener("pointermove", moved);
      element.removeEventListener("pointerleave", gone);
    };
  });
  return (
    <svg ref={svg} class="curve-chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      <title>{title}</title>
      {ticksOf(y, 5).map((tick) => (
        <g key={tick} class="chart-tick">
          <line x1={left} x2={width - right} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={left - 6} y={y.at(tick) + 4} text-anchor="end">
            {tickText(tick)}
          </text>
        </g>
      ))}
      {ticksOf(x, 6, isWhole).map((tick) => (
        <g key={tick} class="chart-tick">
          <line x1={x.at(tick)} x2={x.at(tick)} y1={height - bottom} y2={height - bottom + 4} />
          <text x={x.at(tick)} y={height - bottom + 17} text-anchor="middle">
            {tickText(tick)}
          </text>
        </g>
      ))}
      <line class="chart-base" x1={left} x2={width - right} y1={height - bottom} y2={height - bottom} />
      <text class="chart-across" x={(left + width - right) / 2} y={height - 5} text-anchor="middle">
        {across}
      </text>
      <g>{children}</g>
    </svg>
  );
}

const xRange = [size.left, size.width - size.right] as const;
const yRange = [size.height - size.bottom, size.top] as const;

interface LinesProps {
  readonly title: string;
  /** What is along x. */
  readonly across: string;
  readonly lines: readonly DrawnLine[];
}

/** Lines, each in its colour and with its dashes, by the place in the list. */
export function LineChart({ title, across, lines }: LinesProps) {
  const [isLog, setLog] = useState(false);
  const [pointed, setPointed] = useState<number | undefined>(undefined);
  const all = lines.flatMap(({ points }) => points);
  if (all.length === 0) return null;
  const mayBeLog = all.every(([, value]) => value > 0);
  const x = scaleOver(
    all.map(([step]) => step),
    xRange,
    { room: 0.01 },
  );
  const y = scaleOver(
    all.map(([, value]) => value),
    yRange,
    { isLog: isLog && mayBeLog },
  );
  return (
    <figure class="chart-lines">
      <figcaption>
        {title}
        {mayBeLog && (
          <label>
            <input type="checkbox" checked={isLog} onChange={() => setLog(!isLog)} /> logarithmic
          </label>
        )}
      </figcaption>
      <Frame title={title} across={across} x={x} y={y} isWhole onPoint={setPointed}>
        {pointed !== undefined && (
          <line x1={x.at(pointed)} x2={x.at(pointed)} y1={size.top} y2={size.height - size.bottom} />
        )}
        {lines.map(({ label, points }, at) => (
          <path key={label} d={pathOf(points, x, y)} stroke={colourOf(at)} stroke-dasharray={dashOf(at)}>
            <title>{label}</title>
          </path>
        ))}
        {lines.map(({ label, points }, at) =>
          points.length > fewPoints ? null : (
            <g key={label} fill={colourOf(at)}>
              {points.map(([step, value]) => (
                <circle key={step} cx={x.at(step)} cy={y.at(value)} r={2.5} />
              ))}
            </g>
          ),
        )}
      </Frame>
      <LineTable across={across} lines={lines} title={title} pointed={pointed} />
    </figure>
  );
}

/** Points of a line that are drawn as dots, too. */
const fewPoints = 40;
/** Values of each line in the table. */
const mostRows = 12;

interface TableProps extends LinesProps {
  /** The step whose values the key says; the last if undefined. */
  readonly pointed: number | undefined;
}

function LineTable({ title, across, lines, pointed }: TableProps) {
  return (
    <details class="chart-values">
      <summary>
        {lines.map((line, at) => (
          <span key={line.label} class="chart-key">
            <LineKey at={at} /> {line.label} {keyText(pointNear(line, pointed), pointed !== undefined)}
          </span>
        ))}
      </summary>
      {lines.map(({ label, points }) => (
        <table key={label}>
          <caption>
            {title}, {label}
          </caption>
          <tbody>
            <tr>
              <th>{across}</th>
              {someOf(points).map(([step]) => (
                <td key={step}>{step}</td>
              ))}
            </tr>
            <tr>
              <th>{title}</th>
              {someOf(points).map(([step, value]) => (
                <td key={step}>{tickText(value)}</td>
              ))}
            </tr>
          </tbody>
        </table>
      ))}
    </details>
  );
}

const LineKey = ({ at }: { readonly at: number }) => (
  <svg class="line-key" viewBox="0 0 28 8" aria-hidden="true">
    <line x1={0} x2={28} y1={4} y2={4} stroke={colourOf(at)} stroke-dasharray={dashOf(at)} />
  </svg>
);

/** Says a point of a line, with its step where that is asked for. */
function keyText(point: readonly [number, number] | undefined, hasStep: boolean): string {
  if (point === undefined) return "";
  return hasStep ? `${tickText(point[1])} at ${tickText(point[0])}` : tickText(point[1]);
}

/** Returns points of a line that are far apart, the last among them. */
function someOf<Point>(points: readonly Point[]): Point[] {
  const every = Math.ceil(points.length / mostRows);
  return points.filter((_, at) => (points.length - 1 - at) % every === 0);
}

interface PointsProps {
  readonly title: string;
  readonly across: string;
  readonly points: readonly NamedPoint[];
}

/** Points with their intervals, x logarithmic; what is x is above 0. */
export function PointChart({ title, across, points }: PointsProps) {
  if (points.length === 0) return null;
  const x = scaleOver(
    points.map((point) => point.x),
    xRange,
    { isLog: true, room: 0.08 },
  );
  const y = scaleOver(
    points.flatMap(({ low, high }) => [low, high]),
    yRange,
  );
  return (
    <figure class="chart-points">
      <figcaption>{title}</figcaption>
      <Frame title={title} across={across} x={x} y={y}>
        {points.map((point) => (
          <g key={point.name} class="chart-point">
            <title>{`${point.name}: ${tickText(point.y)} at ${tickText(point.x)}`}</title>
            <line x1={x.at(point.x)} x2={x.at(point.x)} y1={y.at(point.low)} y2={y.at(point.high)} />
            <circle cx={x.at(point.x)} cy={y.at(point.y)} r={4} />
            <text x={x.at(point.x) + 7} y={y.at(point.y) - 6}>
              {point.mark}
            </text>
          </g>
        ))}
      </Frame>
    </figure>
  );
}

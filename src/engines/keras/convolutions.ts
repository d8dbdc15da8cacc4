/** Keras's convolutions, pools and dense layers, in standard ONNX. */
import { z } from "zod";
import { turned } from "../../domain/axes.js";
import { int, ints } from "../onnx/graph/emitter.js";
import type { Attribute } from "../onnx/graph/model.js";
import { type Axis, type Padding, slide, spread, type Window } from "./maps.js";
import { act, activated, bias, channelsLast, mapOf, padding, type Rule, sizes } from "./rule.js";

const convolutionConfig = z.object({
  filters: z.number().int().min(1),
  kernel_size: sizes,
  strides: sizes.default([1, 1, 1]),
  padding,
  data_format: channelsLast,
  dilation_rate: sizes.default([1, 1, 1]),
  groups: z.number().int().min(1).default(1),
  activation: activated,
  use_bias: z.boolean().default(true),
});

const transposedConfig = convolutionConfig.extend({
  output_padding: z
    .null()
    .optional()
    .or(z.array(z.null()).transform(() => null)),
});

const poolConfig = z.object({
  pool_size: sizes,
  strides: sizes.nullish(),
  padding,
  data_format: channelsLast,
});

/** The attributes of a window over all axes, and the sizes that it leaves. */
function windowed(axes: readonly Axis[], windows: readonly Window[], pad: Padding) {
  const all = axes.map((axis, at) => slide(axis, windows[at]!, pad));
  const attributes: Attribute[] = [
    ints(
      "kernel_shape",
      windows.map(({ kernel }) => kernel),
    ),
    ints(
      "strides",
      windows.map(({ stride }) => stride),
    ),
    ints("pads", [...all.map(({ before }) => before), ...all.map(({ after }) => after)]),
  ];
  return { axes: all.map(({ axis }) => axis), attributes };
}

const windowsOf = (
  rank: number,
  kernel: readonly number[],
  stride: readonly number[],
  dilation?: readonly number[],
) =>
  Array.from(
    { length: rank },
    (_, at): Window => ({
      kernel: kernel[at]!,
      stride: stride[at]!,
      ...(dilation ? { dilation: dilation[at]! } : {}),
    }),
  );

export const convolution =
  (rank: number): Rule =>
  ([x], context) => {
    const config = context.read(convolutionConfig);
    const { filters, groups, kernel_size, strides, dilation_rate } = config;
    const kernel = kernel_size.slice(0, rank);
    const windows = windowsOf(rank, kernel, strides, dilation_rate);
    const { axes, attributes } = windowed(mapOf(x!, rank, context).axes, windows, config.padding);
    if (x!.channels % groups !== 0) throw context.unable(`${groups} groups of ${x!.channels} channels`);
    const inside = x!.channels / groups;
    const order = [rank + 1, rank, ...kernel.keys()];
    const name = context.graph.floats(`${context.label}/kernel`, [filters, inside, ...kernel], () =>
      turned(context.weight("kernel", [...kernel, inside, filters]), [...kernel, inside, filters], order),
    );
    const output = context.graph.node(
      "Conv",
      [x!.name, name, ...bias(config.use_bias, filters, context)],
      [...attributes, ints("dilations", dilation_rate.slice(0, rank)), int("group", groups)],
      context.label,
    );
    return act({ name: output, channels: filters, axes }, config.activation, context);
  };

export const transposed =
  (rank: number): Rule =>
  ([x], context) => {
    const config = context.read(transposedConfig);
    const { filters, kernel_size, strides } = config;
    if (config.groups > 1 || config.dilation_rate.slice(0, rank).some((rate) => rate > 1))
      throw context.unable("a transposed convolution with groups or dilation");
    const kernel = kernel_size.slice(0, rank);
    const windows = windowsOf(rank, kernel, strides);
    const all = mapOf(x!, rank, context).axes.map((axis, at) => spread(axis, windows[at]!, config.padding));
    const shape = [...kernel, filters, x!.channels];
    const order = [rank + 1, rank, ...kernel.keys()];
    const name = context.graph.floats(`${context.label}/kernel`, [x!.channels, filters, ...kernel], () =>
      turned(context.weight("kernel", shape), shape, order),
    );
    const output = context.graph.node(
      "ConvTranspose",
      [x!.name, name, ...bias(config.use_bias, filters, context)],
      [
        ints("kernel_shape", kernel),
        ints("strides", strides.slice(0, rank)),
        ints("pads", [...all.map(({ before }) => before), ...all.map(({ after }) => after)]),
        ints(
          "output_padding",
          all.map(({ added }) => added),
        ),
      ],
      context.label,
    );
    return act(
      { name: output, channels: filters, axes: all.map(({ axis }) => axis) },
      config.activation,
      context,
    );
  };

export const pool =
  (rank: number, opType: "MaxPool" | "AveragePool"): Rule =>
  ([x], context) => {
    const { pool_size, strides, padding: pad } = context.read(poolConfig);
    const windows = windowsOf(rank, pool_size, strides ?? pool_size);
    const { axes, attributes } = windowed(mapOf(x!, rank, context).axes, windows, pad);
    return { ...x!, name: context.graph.node(opType, [x!.name], attributes, context.label), axes };
  };

export const globalPool =
  (rank: number, opType: "GlobalAveragePool" | "GlobalMaxPool"): Rule =>
  ([x], context) => {
    context.read(z.object({ data_format: channelsLast }));
    const pooled = context.graph.node(opType, [mapOf(x!, rank, context).name], [], context.label);
    const flat = rank === 2 ? pooled : context.graph.node("Squeeze", [pooled, context.graph.integers([4])]);
    return { name: flat, channels: x!.channels, axes: [] };
  };

/** A dense layer mixes the channels alone: a convolution of one voxel. */
export const dense: Rule = ([x], context) => {
  const {
    units,
    use_bias,
    activation: kind,
  } = context.read(
    z.object({ units: z.number().int().min(1), use_bias: z.boolean().default(true), activation: activated }),
  );
  const shape = [x!.channels, units];
  const ones = (x!.axes.length === 0 ? [1, 1] : x!.axes).map(() => 1);
  const kernel = context.graph.floats(`${context.label}/kernel`, [units, x!.channels, ...ones], () =>
    turned(context.weight("kernel", shape), shape, [1, 0]),
  );
  const name = context.graph.node(
    "Conv",
    [x!.name, kernel, ...bias(use_bias, units, context)],
    [],
    context.label,
  );
  return act({ ...x!, name, channels: units }, kind, context);
};

/** A process that computes by WebGPU, given the weights to predict with. */
import { answer } from "../answer.js";
import { computed } from "./webgpuComputations.js";

answer((weights: Float32Array) => computed("webgpu", weights));

/** AdamW's constants (Loshchilov and Hutter 2019), gradient clipping by global norm, and the EMA of the weights. */
export interface Optimiser {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; a larger one is scaled down to it. */
  readonly clipNorm: number;
}

export const stateNames = ["weights", "moment1", "moment2", "average"] as const;
export type StateName = (typeof stateNames)[number];

/** Weights, moments and average of the weights, each one flat vector in the order of the trainable's layout. */
export type TrainingState = Readonly<Record<StateName, Float32Array>>;

/** The record of an ensemble: its members, their weights, and the runs it was tuned on. */
import { z } from "zod";
import { averagings } from "../../infer/predict/averaging.js";

/**
 * Averages of an ensemble: of the networks' outputs, or of the networks' own weights (a soup, which is one network).
 */
export const ensembleAverages = [...averagings, "weights"] as const;
export type EnsembleAverage = (typeof ensembleAverages)[number];

/** Methods to weight the members: equally, greedily, or by a fit. */
export const memberChoices = ["all", "greedy", "fit"] as const;
export type MemberChoice = (typeof memberChoices)[number];

/** Origin of a checkpoint that was made of other checkpoints. */
export const ensembleSchema = z.strictObject({
  average: z.enum(ensembleAverages),
  choice: z.enum(memberChoices),
  /** Runs on which weights were chosen and picking was tuned; scores on these runs do not measure the ensemble. */
  tune: z.array(z.string()).min(1),
  members: z
    .array(
      z.strictObject({
        /** SHA-256 of the checkpoint's file. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/, "wanted a SHA-256 in hex"),
        /** Name of the member's experiment, with the seed unless that is 0. */
        experiment: z.string(),
        /** Weight of the member; all weights add up to 1, and a member not chosen has 0. */
        weight: z.number().min(0).max(1),
        /** Score of the member alone, on the tune runs. */
        score: z.number().min(0),
        /** Runs that the member was trained on, where known. */
        trainedOn: z.array(z.string()).nullable(),
      }),
    )
    .min(1),
});
export type EnsembleRecord = z.infer<typeof ensembleSchema>;

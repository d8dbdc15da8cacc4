import { z } from "zod";
import { averagings } from "../../infer/predict/averaging.js";

/** What is averaged: what networks say, or the networks' own weights (a soup, which is one network). */
export const ensembleAverages = [...averagings, "weights"] as const;
export type EnsembleAverage = (typeof ensembleAverages)[number];

/** How much each member counts: the same, found step by step, or fitted. */
export const memberChoices = ["all", "greedy", "fit"] as const;
export type MemberChoice = (typeof memberChoices)[number];

/** What a checkpoint that was made of others says of itself: where its weights come from. */
export const ensembleSchema = z.strictObject({
  average: z.enum(ensembleAverages),
  choice: z.enum(memberChoices),
  /** The runs on which weights were chosen and picking was tuned: scores on them are no measure of it. */
  tune: z.array(z.string()).min(1),
  members: z
    .array(
      z.strictObject({
        /** Of the checkpoint's file. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/, "wanted a SHA-256 in hex"),
        /** Its experiment, with the seed where that is not 0. */
        experiment: z.string(),
        /** All members' add up to 1; 0 where it was not chosen. */
        weight: z.number().min(0).max(1),
        /** Alone, on the tune runs. */
        score: z.number().min(0),
        /** Runs that it was trained on, where that is known. */
        trainedOn: z.array(z.string()).nullable(),
      }),
    )
    .min(1),
});
export type EnsembleRecord = z.infer<typeof ensembleSchema>;

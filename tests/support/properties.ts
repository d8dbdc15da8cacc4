/** fast-check, whose properties try the same draws in every run; with all faults they try others each time, and print their seed. */
import fc from "fast-check";

if (process.env.PICKBENCH_FAULTS === undefined) fc.configureGlobal({ seed: 1 });

export default fc;

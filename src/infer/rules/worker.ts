/** The worker's side of pool.ts. */
import { answering } from "../../system/threads/pool.js";
import { coverRows, reachSlices } from "./dilation.js";
import type { DilationWork } from "./pool.js";

/** Does a part of a dilation, whose result lies in shared memory. */
export default answering(({ bits, reach, range, reaches }: DilationWork) => {
  if (reach) reachSlices(bits, reach, range, reaches);
  else coverRows(reaches, bits, range);
});

/** The worker's side of meshFeatures.ts. */
import { answering } from "../system/threads/pool.js";
import { meshFeature } from "./meshFeature.js";
import type { MeshWork } from "./meshFeatures.js";

export default answering(({ map, settings, target }: MeshWork) => meshFeature(map, settings, target));

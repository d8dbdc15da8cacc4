/** Options of commands whose values may be names of models that come along. */
export const modelOptions: readonly string[] = ["checkpoint", "features", "from"];

/**
 * Listens for Ctrl-C (and a polite kill): the first asks the work to stop where it can go on later, the second ends the
 * process at once.
 */
export function listenForStop(): { readonly asked: () => boolean; readonly stopListening: () => void } {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write("\nstopping after this step; press Ctrl-C again to end at once\n");
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    asked: () => asked,
    stopListening() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}

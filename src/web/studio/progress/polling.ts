// Asking again and again while the page is seen; once in a still copy.
import { isStill } from "../api.js";

/**
 * Does work now and again after a pause, one at a time, while the page is visible.
 *
 * @param pause ms between the end of one and the beginning of the next
 * @returns what ends it
 */
export function whileSeen(work: (signal: AbortSignal) => Promise<void>, pause: number): () => void {
  const gone = new AbortController();
  let timer = 0;
  let isWorking = false;
  const turn = async (): Promise<void> => {
    if (isWorking || gone.signal.aborted || document.visibilityState === "hidden") return;
    isWorking = true;
    clearTimeout(timer);
    try {
      await work(gone.signal);
    } finally {
      isWorking = false;
      if (!gone.signal.aborted && !isStill) timer = window.setTimeout(() => void turn(), pause);
    }
  };
  const seen = (): void => void turn();
  document.addEventListener("visibilitychange", seen);
  void turn();
  return () => {
    gone.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}

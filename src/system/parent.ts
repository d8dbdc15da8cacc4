/** Processes whose work is of no use without the process that started them, which may be killed and end nothing itself. */

/** Time in ms between two looks. */
const betweenLooks = 500;

/**
 * Begins to look whether the process that started this one is gone, and asks this one to end by SIGTERM where it is. On
 * Windows nothing shows it.
 *
 * @param parent its number
 * @returns the timer, which keeps the process unless it is told not to
 */
export const endWithParent = (parent: number): NodeJS.Timeout =>
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, betweenLooks);

/** The answering side of `inOwnProcess`. */

/** Answers the question of the process that `inOwnProcess` started, then ends with it. */
export function answer<Question>(work: (question: Question) => Promise<unknown>): void {
  process.once("message", async ({ question }: { readonly question: Question }) => {
    const result = await work(question);
    process.send!({ result }, () => process.disconnect());
  });
  process.once("disconnect", () => process.exit());
}

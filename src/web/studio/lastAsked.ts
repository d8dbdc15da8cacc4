// Of several questions the last one counts, whichever answer comes first.

/** Makes what begins a question: each call returns what says whether no other one was begun since. */
export function lastAsked(): () => () => boolean {
  let begun = 0;
  return () => {
    const own = ++begun;
    return () => own === begun;
  };
}

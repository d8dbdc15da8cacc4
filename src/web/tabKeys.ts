// Keys that go from tab to tab.

/** Returns the place of the tab that a key goes to; undefined for a key that goes to none. */
export function tabAfter(key: string, at: number, count: number): number | undefined {
  const last = count - 1;
  const nextByKey: Readonly<Record<string, number>> = {
    ArrowRight: at === last ? 0 : at + 1,
    ArrowLeft: at === 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  return nextByKey[key];
}

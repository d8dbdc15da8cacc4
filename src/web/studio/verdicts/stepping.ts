// The lists to step through, and the item that is chosen.
import { computed, effect, signal } from "@preact/signals";
import { goTo } from "../look/stage.js";
import { falseItems, type Item, type Kind, kinds, missItems } from "./items.js";
import { columnsOf, differences, hiddenTypes, items, judged, picksOf } from "./state.js";
import { worstFalsePicks, worstMisses } from "./worst.js";

/** Lists of one set; of two sets there is one for each kind that tells them apart. */
export const listsOfOne = ["misses", "false picks", "found again"] as const;
export const listsOfTwo = ["onlyA", "onlyB", "neither", "falseBoth", "falseA", "falseB"] as const;
export type ListName = (typeof listsOfOne)[number] | (typeof listsOfTwo)[number];

const listLabels: Readonly<Record<(typeof listsOfOne)[number], string>> = {
  misses: "worst misses",
  "false picks": "worst false picks",
  "found again": "picks of particles found again",
};

export const labelOf = (name: ListName): string =>
  name in listLabels ? listLabels[name as keyof typeof listLabels] : kinds[name as Kind].label;

/** The list that is asked for, of one set and of two. */
export const listOf = {
  one: signal<(typeof listsOfOne)[number]>("misses"),
  two: signal<(typeof listsOfTwo)[number]>("onlyA"),
};

/** Id of the item that is chosen. */
export const chosenId = signal<string | undefined>(undefined);

/** Verdicts as they were when the sliders last rested: lists take longer to make than counts. */
const rested = signal<{ readonly judged: typeof judged.a.value; readonly items: readonly Item[] }>({
  judged: undefined,
  items: [],
});

/** Milliseconds without a change after which lists are made. */
const rest = 150;

/** Has lists follow the sliders. Returns what ends that. */
export function followSliders(): () => void {
  let waiting = 0;
  const end = effect(() => {
    const next = { judged: judged.a.value, items: items.value };
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      rested.value = next;
    }, rest);
  });
  return () => {
    end();
    clearTimeout(waiting);
  };
}

/** The list, worst first, without the types that are hidden. */
export const list = computed<readonly Item[]>(() => {
  const { judged: verdicts, items: all } = rested.value;
  const hidden = hiddenTypes.value;
  const isShown = ({ type }: Item): boolean => !hidden.has(type);
  if (!verdicts) return [];
  if (differences.value)
    return all.filter((item) => item.kind === listOf.two.value && isShown(item)).sort(surestFirst);
  if (listOf.one.value === "misses") return missItems(worstMisses(verdicts, picksOf("a"))).filter(isShown);
  const verdict = listOf.one.value === "false picks" ? "false" : "double";
  return falseItems(worstFalsePicks(verdicts, picksOf("truth")), columnsOf("a")).filter(
    (item) => item.kind === verdict && isShown(item),
  );
});

const surestFirst = (a: Item, b: Item): number =>
  (b.place.score ?? Number.NEGATIVE_INFINITY) - (a.place.score ?? Number.NEGATIVE_INFINITY) || 0;

/** The item that is chosen: of the list, else of all. */
export const chosenItem = computed<Item | undefined>(() => {
  const id = chosenId.value;
  if (id === undefined) return undefined;
  return list.value.find((item) => item.id === id) ?? items.value.find((item) => item.id === id);
});

/** Place of the chosen item in the list; −1 where it is not there. */
export const chosenAt = computed(() => list.value.findIndex(({ id }) => id === chosenId.value));

/** Chooses an item and brings the planes to it. */
export function chooseItem(item: Item): void {
  chosenId.value = item.id;
  goTo(item.place);
}

/** Steps along the list; from the end it goes on at the start. */
export function step(by: 1 | -1): void {
  const { length } = list.value;
  if (length === 0) return;
  const at = chosenAt.value < 0 ? (by > 0 ? 0 : length - 1) : (chosenAt.value + by + length) % length;
  chooseItem(list.value[at]!);
}

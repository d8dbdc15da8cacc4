// What is drawn of one tomogram: its slice, its composition, where it is looked at.
import { computed } from "@preact/signals";
import { useState } from "preact/hooks";
import { addressText } from "../address.js";
import { addressOf, named } from "../api.js";
import { session } from "../session.js";
import { type BarPart, barOf, barText } from "./composition.js";
import { catalogue, cellOf, hasCome } from "./table.js";

/** Address of a tomogram's page. */
export const pageAddress = (run: string): string => addressText("data", [catalogue.value?.id ?? "", run]);

const lookable = computed(
  () =>
    new Set(session.value?.runs.filter(({ volumes }) => volumes.length > 0).map(({ name }) => name) ?? []),
);

/** Whether a run can be looked at in this studio. */
export const canLook = (run: string): boolean => lookable.value.has(run);

/** Address of a run's picture. */
export const pictureAddress = (run: string, name: string): string =>
  addressOf(`api/catalogues/${named(catalogue.value?.id ?? "")}/runs/${named(run)}/pictures/${named(name)}`);

/** The middle slice; it is loaded once it is near, and its place is kept where there is none. */
export function Slice({ run }: { readonly run: string }) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return <span class="no-slice">no picture</span>;
  const address = pictureAddress(run, "tomogram.png");
  return <img src={address} alt="" loading="lazy" decoding="async" onError={() => setMissing(true)} />;
}

/** Composition as a bar; in words for who does not see it. */
export function Bar({ parts }: { readonly parts: readonly BarPart[] | undefined }) {
  if (parts === undefined) return <span class="share-bar" />;
  const text = barText(parts);
  return (
    <span class="share-bar" role="img" aria-label={text} title={text}>
      {parts.map(({ feature, share, colour }) => (
        <span key={feature} style={{ width: `${share * 100}%`, background: colour }} />
      ))}
    </span>
  );
}

/** Returns the bar of a row; undefined where the row has not come yet. */
export function partsOfRun(run: string): BarPart[] | undefined {
  const features = catalogue.value?.features ?? [];
  const percents = features.map((name) => cellOf(run, `${name}.percent`));
  return hasCome(run) ? barOf(features, percents) : undefined;
}

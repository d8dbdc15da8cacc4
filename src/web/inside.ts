// Finds the elements that a page was written with.

/** Returns the element of a page that a selector names. @throws TypeError where there is none */
export function inside<Kind extends Element>(holder: ParentNode, selector: string): Kind {
  const found = holder.querySelector<Kind>(selector);
  if (found) return found;
  throw new TypeError(`the page has no ${selector}`);
}

// Keys of annotation, wherever the focus is but in a field that takes text.
import { session } from "../session.js";
import { chosen, model, type ToolName, toolName } from "./annotating.js";
import { addAtCross, chooseType, deleteChosen } from "./tools.js";

/** Tools by their keys. */
export const toolKeys: readonly (readonly [key: string, name: ToolName, label: string])[] = [
  ["v", "look", "Look"],
  ["p", "pick", "Pick"],
  ["b", "brush", "Brush"],
  ["e", "rub", "Rub out"],
  ["f", "fill", "Fill"],
  ["x", "box", "Box"],
];

function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !["range", "checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Does what a key means. @returns whether it means anything */
function keyed(event: KeyboardEvent): boolean {
  const now = model.value;
  if (!now || takesText(event.target)) return false;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z" && !event.shiftKey) now.undo();
    else if (key === "y" || key === "z") now.redo();
    else return false;
    return true;
  }
  if (event.altKey) return false;
  if (/^[1-9]$/.test(key)) {
    const particle = session.value?.particles[Number(key) - 1];
    if (particle) chooseType(particle.name);
    return particle !== undefined;
  }
  const asked = toolKeys.find(([each]) => each === key);
  if (asked) toolName.value = asked[1];
  else if (key === "a") {
    if (!event.repeat) addAtCross();
  } else if (key === "delete" || key === "backspace") deleteChosen();
  else if (key === "y" && now.pick(chosen.value)?.status === "suggested")
    now.act("accept", [{ do: "accept", id: chosen.value! }]);
  else if (key === "escape") chosen.value = undefined;
  else return false;
  return true;
}

/** Listens to keys until what it returns is called, which also puts the tool in hand away. */
export function listenToKeys(): () => void {
  const heard = (event: KeyboardEvent): void => {
    if (keyed(event)) event.preventDefault();
  };
  addEventListener("keydown", heard);
  return () => {
    removeEventListener("keydown", heard);
    toolName.value = "look";
  };
}

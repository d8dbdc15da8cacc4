// Panels beside the planes, in their order.
import type { ComponentType } from "preact";
import type { Session } from "../session.js";

export interface Panel {
  readonly name: string;
  readonly label: string;
  readonly isShown: (session: Session) => boolean;
  readonly Panel: ComponentType;
}

export const panels: readonly Panel[] = [];

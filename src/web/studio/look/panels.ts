// Panels beside the planes, in their order.
import type { ComponentType } from "preact";
import { AnnotatePanel } from "../annotate/annotatePanel.js";
import { AssistPanel } from "../annotate/assistPanel.js";
import { ElsewherePanel } from "../elsewhere/panel.js";
import type { Session } from "../session.js";
import { VerdictsPanel } from "../verdicts/panel.js";
import { LayersPanel } from "./layersPanel.js";

export interface Panel {
  readonly name: string;
  readonly label: string;
  readonly isShown: (session: Session) => boolean;
  readonly Panel: ComponentType;
}

export const panels: readonly Panel[] = [
  { name: "verdicts", label: "Verdicts", isShown: ({ runs }) => runs.length > 0, Panel: VerdictsPanel },
  { name: "layers", label: "Layers", isShown: () => true, Panel: LayersPanel },
  { name: "elsewhere", label: "Elsewhere", isShown: ({ runs }) => runs.length > 0, Panel: ElsewherePanel },
  {
    name: "annotate",
    label: "Annotate",
    isShown: ({ isAnnotating }) => isAnnotating,
    Panel: AnnotatePanel,
  },
  { name: "assist", label: "Assist", isShown: ({ isAnnotating }) => isAnnotating, Panel: AssistPanel },
];

// A picture of all views as one PNG, with their scale bars and a line that says what they show.
import { place, run, volume } from "./stage.js";

/** Pixels of the line below. */
const lineHeight = 26;

/** Has the browser save the views as a PNG, at the pixels of the screen. @throws Error where the browser gives no picture */
export async function savePicture(): Promise<void> {
  const holder = document.querySelector<HTMLElement>(".views");
  if (!holder) throw new Error("There is nothing to be saved yet.");
  const blob = await pictureOf(holder);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${(run.value ?? "view").replace(/[^\w.-]/g, "_")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function pictureOf(holder: HTMLElement): Promise<Blob> {
  const whole = holder.getBoundingClientRect();
  const scale = devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(whole.width * scale);
  canvas.height = Math.round((whole.height + lineHeight) * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser gives no canvas to draw the picture on.");
  context.scale(scale, scale);
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const each of holder.querySelectorAll<HTMLCanvasElement>(".picture canvas")) {
    const { left, top, width, height } = each.getBoundingClientRect();
    if (width > 0 && each.width > 0)
      context.drawImage(each, left - whole.left, top - whole.top, width, height);
  }
  context.fillStyle = "white";
  context.font = "13px system-ui, sans-serif";
  context.fillText(caption(), 12, whole.height + 17, whole.width - 24);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("The browser gives no PNG of so large a picture."));
    }, "image/png"),
  );
}

function caption(): string {
  const { x, y, z } = place.value;
  const at = [x, y, z].map((length) => length.toFixed(0)).join(", ");
  return `${run.value ?? ""} · ${volume.value?.name ?? ""} · planes through x, y, z = ${at} Å`;
}

/** Sizes and places in a model file: IMOD, Binary File Format, Version 1, Revision 2. All numbers are big-endian. */
export const layout = {
  id: "IMODV1.2",
  /** Id and model structure. */
  header: 240,
  objectCount: 148,
  flags: 152,
  pixelSize: 216,
  units: 220,
  object: 176,
  contour: 16,
  point: 12,
  slicerAngles: 60,
  /** Bytes of an object's name. */
  name: 64,
} as const;

/** Bit 10 of the model's flags: z starts from −0.5, as 3dmod has it; without it from 0. */
export const zFromHalf = 1 << 10;
/** Units of the pixel size: a power of ten metres, 0 for pixels. */
export const angstromUnits = -10;

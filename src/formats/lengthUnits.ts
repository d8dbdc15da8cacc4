/** Units of length by name, as OME-NGFF and the programs of the field write them. */

/** Metres per prefix of the SI. */
const prefixes: Readonly<Record<string, number>> = {
  yocto: 1e-24,
  zepto: 1e-21,
  atto: 1e-18,
  femto: 1e-15,
  pico: 1e-12,
  nano: 1e-9,
  micro: 1e-6,
  milli: 1e-3,
  centi: 1e-2,
  deci: 1e-1,
  "": 1,
  hecto: 1e2,
  kilo: 1e3,
  mega: 1e6,
  giga: 1e9,
  tera: 1e12,
  peta: 1e15,
  exa: 1e18,
  zetta: 1e21,
  yotta: 1e24,
};

/** Å per unit, by the names that OME-NGFF 0.4 and 0.5 allow (section "axes") and their plurals. */
const named: Readonly<Record<string, number>> = {
  angstrom: 1,
  ångström: 1,
  micron: 1e4,
  inch: 2.54e8,
  foot: 3.048e9,
  yard: 9.144e9,
  mile: 1.609344e13,
  parsec: 3.0856775814913673e26,
  ...Object.fromEntries(
    Object.entries(prefixes).map(([prefix, metres]) => [`${prefix}meter`, metres * 1e10]),
  ),
};

/** Å per unit, by the signs that programs write instead; upper and lower case differ. */
const signs: Readonly<Record<string, number>> = {
  A: 1,
  Å: 1,
  å: 1,
  fm: 1e-5,
  pm: 1e-2,
  nm: 10,
  um: 1e4,
  µm: 1e4,
  μm: 1e4,
  mm: 1e7,
  cm: 1e8,
  m: 1e10,
};

/** Returns Å per unit of length; undefined for what is none. */
export function angstromsPer(unit: string): number | undefined {
  const sign = unit.trim().normalize("NFC");
  if (Object.hasOwn(signs, sign)) return signs[sign];
  const name = sign.toLowerCase().replace(/metre/, "meter").replace(/s$/, "");
  return Object.hasOwn(named, name) ? named[name] : undefined;
}

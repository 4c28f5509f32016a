/** Unit codes of IEC 62056-6-2 §4.3.2 table 4 that meters of electricity, gas, water and heat use, by their SenML or DLMS name. */
export const DLMS_UNITS: ReadonlyMap<number, string> = new Map([
  [6, "m"],
  [7, "s"],
  [8, "deg"],
  [9, "Cel"],
  [13, "m3"],
  [14, "m3"],
  [27, "W"],
  [28, "VA"],
  [29, "var"],
  [30, "Wh"],
  [31, "VAh"],
  [32, "varh"],
  [33, "A"],
  [35, "V"],
  [44, "Hz"],
]);

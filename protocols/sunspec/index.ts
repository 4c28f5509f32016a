export type {
  SunspecGroupDefinition,
  SunspecModelDefinition,
  SunspecPointDefinition,
  SunspecPointType,
} from "./definition.ts";
export { readSunspecModel, type SunspecGroup, type SunspecPoint } from "./model.ts";
export { SUNSPEC_MODELS, sunspecModel } from "./models.ts";
export {
  SUNSPEC_BASES,
  type SunspecMap,
  type SunspecModel,
  type SunspecRange,
  scanSunspec,
  splitRange,
} from "./scan.ts";

import type { CosemSource } from "./sections/cosem.ts";
import { FIRMATA, type FirmataSection, type FirmataSource } from "./sections/firmata.ts";
import { HAN, type HanSection } from "./sections/han.ts";
import { MBUS, type MbusSection, type MbusSource } from "./sections/mbus.ts";
import { MODBUS, type ModbusSection, type RegisterSource } from "./sections/modbus.ts";
import { type MessageValue, MQTT, type MqttSection } from "./sections/mqtt.ts";
import { type FixField, NMEA, type NmeaSection } from "./sections/nmea.ts";
import { OBD, type ObdSection, type ObdSource } from "./sections/obd.ts";
import { OCPP, type OcppSection, type OcppSource } from "./sections/ocpp.ts";
import { type ObisSource, P1, type P1Section } from "./sections/p1.ts";
import { RAPI, type RapiSection, type RapiValue } from "./sections/rapi.ts";
import { SML, type SmlSection } from "./sections/sml.ts";
import { type PointSource, SUNSPEC, type SunspecSection } from "./sections/sunspec.ts";
import { TEXT, type TextSection, type TextSource } from "./sections/text.ts";
import type { MeasurementKind } from "./vocabulary.ts";

export type {
  CosemSource,
  FirmataSource,
  FixField,
  MbusSource,
  MessageValue,
  ObdSource,
  ObisSource,
  PointSource,
  RegisterSource,
};

/** What a profile says about its link, by link; the same names the engines in `drivers/` have. */
export interface Sections {
  sunspec: SunspecSection;
  nmea: NmeaSection;
  obd: ObdSection;
  modbus: ModbusSection;
  p1: P1Section;
  ocpp: OcppSection;
  han: HanSection;
  sml: SmlSection;
  mbus: MbusSection;
  text: TextSection;
  mqtt: MqttSection;
  rapi: RapiSection;
  firmata: FirmataSection;
}

/** How a board speaks. */
export type LinkKind = keyof Sections;

const DEFAULTS: Sections = {
  sunspec: SUNSPEC,
  nmea: NMEA,
  obd: OBD,
  modbus: MODBUS,
  p1: P1,
  ocpp: OCPP,
  han: HAN,
  sml: SML,
  mbus: MBUS,
  text: TEXT,
  mqtt: MQTT,
  rapi: RAPI,
  firmata: FIRMATA,
};

/** Where a measurement comes from on its link; a profile gives the one of its own link. */
export interface Sources {
  /** Places to look at, in order. */
  sunspec?: readonly PointSource[];
  /** Field of a GNSS fix. */
  fix?: FixField;
  obd?: ObdSource;
  register?: RegisterSource;
  obis?: ObisSource;
  ocpp?: OcppSource;
  cosem?: CosemSource;
  mbus?: MbusSource;
  text?: TextSource;
  message?: MessageValue;
  rapi?: RapiValue;
  firmata?: FirmataSource;
}

export interface MeasurementProfile extends Sources {
  /** From the vocabulary. */
  name: string;
  /** SenML unit of the signed value. */
  unit: string;
  kind: MeasurementKind;
  /** Values outside are marked, never changed. In `unit`. Of no effect on texts and booleans. */
  bounds: readonly [least: number, most: number];
  /** Largest plausible change a second, in `unit`; beyond it the reading is marked. */
  step?: number;
  /** Smallest change the board reports, in `unit`: a counter in 0.1 kWh moves by 100 Wh at once. Default: as fine as it likes. */
  resolution?: number;
  /** A counter begins again from 0 at this value, in `unit`, a whole number: 1_000_000_000 for six digits of kWh. */
  rollover?: number;
  /** The signed value is what the board reports times ten to this power (kWh to Wh: 3). Default 0. */
  scale?: number;
  /** The board may leave it out; without this a reading that lacks it is marked as malformed. */
  optional?: boolean;
  /** Document and section or table that say so. */
  source: string;
}

interface ProfileBase {
  /** Last part of the driver's name: `eastron-sdm630`. */
  id: string;
  vendor: string;
  model: string;
  link: LinkKind;
  /** The document the profile was written from, with its version. */
  source: string;
  /**
   * Name of the counter that is the work register, in Wh or m; the register is its whole part: what is paid never
   * exceeds what the meter shows. `readings`: the readings taken are the work.
   */
  work: string;
  /** A reading whose gauges all stay exactly the same for this long is marked as stuck, in ms. 0 turns it off. */
  stuckAfter: number;
  measurements: readonly MeasurementProfile[];
}

/** A board model as data. */
export type Profile = ProfileBase & Partial<Sections>;

export type ProfileInput = Omit<ProfileBase, "stuckAfter"> & { stuckAfter?: number } & {
  [L in LinkKind]?: Partial<Sections[L]>;
};

/** The work register of boards that measure no counter: how many readings were taken. */
export const READINGS = "readings";

/**
 * Name of the value that a reading carries when its work register is not the counter's whole part: what is to be added to
 * that, since the counter rolled over, was reset, or the meter exchanged.
 */
export const WORK_BASE = "work_base";

/** Fills in the link's defaults. The result is checked by `lintProfile` in the catalog's test. */
export function profile(input: ProfileInput): Profile {
  const { link } = input;
  return { stuckAfter: 600_000, ...input, [link]: { ...DEFAULTS[link], ...input[link] } } as Profile;
}

/** How often a board of this model is read, or the shortest distance of two readings kept, in ms. */
export function usualInterval(profile: Profile): number {
  return profile[profile.link]!.every;
}

/** A frame as a board or its manual gives it, and what it must decode to. */
export interface RecordedFrame {
  what: string;
  source: string;
  /** Hex of the request, where the link has requests. */
  request?: string;
  /** Hex of the answer, or the telegram or message as text. */
  answer: string;
  /** Exact decimal text by measurement name. */
  expect: Readonly<Record<string, string>>;
}

import {
  type LinkKind,
  type MeasurementProfile,
  type Profile,
  type ProfileInput,
  profile,
  type RecordedFrame,
} from "../profile.ts";
import type { ProfileProblem } from "../profile-lint.ts";
import { vocabulary } from "../vocabulary.ts";
import type { WrittenProfile } from "./schema.ts";
import { WRITABLE_LINKS } from "./sections.ts";
import { sourceSchemas } from "./sources.ts";

type SourceName = keyof typeof sourceSchemas;

/** What a measurement of each link is taken from. */
const SOURCE_OF: Readonly<Record<(typeof WRITABLE_LINKS)[number], SourceName>> = {
  modbus: "register",
  mqtt: "message",
  sunspec: "sunspec",
  nmea: "fix",
  obd: "obd",
  p1: "obis",
  ocpp: "ocpp",
  han: "cosem",
  sml: "cosem",
  mbus: "mbus",
  text: "text",
  rapi: "rapi",
  firmata: "firmata",
};

/** Links whose frames are bytes: their hex may be written with spaces between, or in the brackets that libmodbus prints. */
const BYTES: readonly LinkKind[] = ["modbus", "sunspec", "han", "sml", "mbus", "firmata"];

const SOURCES = Object.keys(sourceSchemas) as SourceName[];

type Report = (path: string, message: string) => void;

/** A profile with the defaults of its link and of the vocabulary, its frames, and what it says to no effect. */
export function fromWritten({ frames = [], measurements, ...about }: WrittenProfile): {
  profile: Profile;
  frames: readonly RecordedFrame[];
  problems: readonly ProfileProblem[];
} {
  const problems: ProfileProblem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  for (const link of WRITABLE_LINKS) {
    if (link !== about.link && about[link]) report(link, `is of no effect: link is ${about.link}`);
  }
  const filled = measurements.map((one) => measurementOf(one, about.link, report));
  // What YAML leaves out is absent, never undefined.
  const input = { ...about, measurements: filled } as ProfileInput;
  return { profile: profile(input), frames: frames.map(bytesOf(about.link)), problems };
}

type WrittenMeasurement = WrittenProfile["measurements"][number];

function measurementOf(written: WrittenMeasurement, link: WrittenProfile["link"], report: Report): MeasurementProfile {
  const path = `measurements.${written.name}`;
  const term = vocabulary.get(written.name);
  const kind = written.kind ?? term?.kind;
  const unit = written.unit ?? term?.unit;
  if (written.name.startsWith("x_") && (kind === undefined || unit === undefined)) {
    report(path, "needs unit and kind: a word of your own has none in the vocabulary");
  }
  if (written.bounds === undefined && kind !== "state") report(`${path}.bounds`, "are missing: [least, most]");
  for (const name of SOURCES) {
    if (name !== SOURCE_OF[link] && written[name] !== undefined) {
      report(`${path}.${name}`, `is of no effect: a ${link} board has ${SOURCE_OF[link]} here`);
    }
  }
  return { ...written, unit: unit ?? "", kind: kind ?? "gauge", bounds: written.bounds ?? [0, 1] };
}

/** Hex as it is decoded: without what people and programs put between bytes. */
const bytesOf =
  (link: LinkKind) =>
  (frame: RecordedFrame): RecordedFrame => {
    if (!BYTES.includes(link)) return frame;
    const { request, answer } = frame;
    const packed = (hex: string) => hex.replace(/[\s[\]<>]/g, "");
    return { ...frame, answer: packed(answer), ...(request === undefined ? {} : { request: packed(request) }) };
  };

import type { NmeaSentence } from "./sentence.ts";

/** What the sentences of one epoch say together. A field that none of them gave is absent. */
export interface NmeaFix {
  /** Milliseconds since 1970, UTC; absent until a sentence has given the date (RMC, ZDA). */
  time?: number;
  /** 1 no fix, 2 two-dimensional, 3 three-dimensional. */
  mode: 1 | 2 | 3;
  /** GGA quality: 1 autonomous, 2 differential, 4 RTK fixed, 5 RTK float, … */
  quality?: number;
  /** Degrees, north and east positive (WGS 84). */
  latitude?: number;
  longitude?: number;
  /** Metres above mean sea level. */
  altitude?: number;
  /** Metres of mean sea level above the ellipsoid. */
  geoidSeparation?: number;
  /** Metres a second. */
  speed?: number;
  /** Degrees from true north. */
  track?: number;
  /** Satellites used: the highest count of GGA and GNS in the epoch. */
  satellites?: number;
  hdop?: number;
}

const KNOT = 1852 / 3600;
const DAY = 86_400_000;
const NUMBER = /^[+-]?\d{1,9}(?:\.\d{0,12})?$/;

function numberAt(fields: readonly string[], at: number): number | undefined {
  const text = fields[at] ?? "";
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** hhmmss.sss as milliseconds of the day. */
function clockAt(fields: readonly string[], at: number): number | undefined {
  const match = /^(\d\d)(\d\d)(\d\d(?:\.\d{0,9})?)$/.exec(fields[at] ?? "");
  if (!match) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (hour > 23 || minute > 59 || second >= 61) return undefined;
  return (hour * 60 + minute) * 60_000 + Math.round(second * 1000);
}

/** ddmm.mmmm and its hemisphere as degrees. */
function angleAt(fields: readonly string[], at: number, limit: number, negative: string): number | undefined {
  const match = /^(\d{1,3})(\d\d(?:\.\d{0,12})?)$/.exec(fields[at] ?? "");
  const side = fields[at + 1];
  if (!match || side === undefined || side === "") return undefined;
  const degrees = Number(match[1]) + Number(match[2]) / 60;
  if (Number(match[2]) >= 60 || degrees > limit) return undefined;
  return side === negative ? -degrees : degrees;
}

function dateOf(year: number, month: number, day: number): number | undefined {
  const date = Date.UTC(year, month - 1, day);
  return new Date(date).getUTCDate() === day && new Date(date).getUTCMonth() === month - 1 ? date : undefined;
}

function put<K extends keyof NmeaFix>(fix: NmeaFix, key: K, value: NmeaFix[K] | undefined): void {
  if (value !== undefined) fix[key] = value;
}

/** Joins the sentences of an epoch: those that give the same time, and those between them. */
export class NmeaFixes {
  #fix: NmeaFix = { mode: 1 };
  #clock: number | undefined;
  #date: number | undefined;
  /** Dimensions as GSA told them, which stand until it tells others. */
  #dimensions: 2 | 3 | undefined;
  /** Most satellites of this epoch: a sentence of one system's talker counts only its own. */
  #most = 0;

  /** The current epoch so far. */
  get fix(): Readonly<NmeaFix> {
    return this.#fix;
  }

  /** The fix of the epoch that the sentence belongs to, as far as it is known with this sentence; undefined where it says nothing of it. */
  push({ talker, type, fields }: NmeaSentence): NmeaFix | undefined {
    if (talker === "P") return undefined;
    switch (type) {
      case "RMC":
        return this.#rmc(fields);
      case "GGA":
        return this.#position(fields, 0, 1, fields[5] !== "0" && fields[5] !== "", () => this.#gga(fields));
      case "GNS":
        return this.#position(fields, 0, 1, /[^N]/.test(fields[5] ?? ""), () => this.#gns(fields));
      case "GLL":
        return this.#position(fields, 4, 0, fields[5] === "A", () => {});
      case "GSA":
        return this.#gsa(fields);
      case "VTG":
        put(this.#fix, "track", numberAt(fields, 0));
        this.#speed(numberAt(fields, 4));
        return { ...this.#fix };
      case "ZDA":
        return this.#zda(fields);
      default:
        return undefined;
    }
  }

  #speed(knots: number | undefined): void {
    if (knots !== undefined) this.#fix.speed = knots * KNOT;
  }

  /** A new time begins a new epoch; the date goes on, over midnight too. */
  #at(clock: number | undefined): void {
    if (clock === undefined) return;
    if (this.#clock !== clock) {
      this.#fix = { mode: 1 };
      this.#most = 0;
      if (this.#date !== undefined && this.#clock !== undefined && this.#clock - clock > DAY / 2) this.#date += DAY;
      this.#clock = clock;
    }
    this.#stamp();
  }

  #stamp(): void {
    if (this.#date !== undefined && this.#clock !== undefined) this.#fix.time = this.#date + this.#clock;
  }

  #position(fields: readonly string[], clock: number, at: number, valid: boolean, more: () => void): NmeaFix {
    this.#at(clockAt(fields, clock));
    if (!valid) {
      this.#fix.mode = 1;
      return { ...this.#fix };
    }
    const latitude = angleAt(fields, at, 90, "S");
    const longitude = angleAt(fields, at + 2, 180, "W");
    if (latitude !== undefined && longitude !== undefined) {
      this.#fix.latitude = latitude;
      this.#fix.longitude = longitude;
      more();
      this.#fix.mode = this.#mode();
    }
    return { ...this.#fix };
  }

  #count(satellites: number | undefined): void {
    if (satellites === undefined) return;
    this.#most = Math.max(this.#most, satellites);
    this.#fix.satellites = this.#most;
  }

  /**
   * Three dimensions by GSA, or by an altitude from at least four satellites: receivers with several systems, and some with
   * one, say 2 in GSA beside an altitude that they do solve for.
   */
  #mode(): 2 | 3 {
    const solved = this.#fix.altitude !== undefined && (this.#most >= 4 || this.#dimensions === undefined);
    return this.#dimensions === 3 || solved ? 3 : 2;
  }

  #gga(fields: readonly string[]): void {
    put(this.#fix, "quality", numberAt(fields, 5));
    this.#count(numberAt(fields, 6));
    put(this.#fix, "hdop", numberAt(fields, 7));
    put(this.#fix, "altitude", numberAt(fields, 8));
    put(this.#fix, "geoidSeparation", numberAt(fields, 10));
  }

  #gns(fields: readonly string[]): void {
    this.#count(numberAt(fields, 6));
    put(this.#fix, "hdop", numberAt(fields, 7));
    put(this.#fix, "altitude", numberAt(fields, 8));
    put(this.#fix, "geoidSeparation", numberAt(fields, 9));
  }

  #rmc(fields: readonly string[]): NmeaFix {
    const match = /^(\d\d)(\d\d)(\d\d)$/.exec(fields[8] ?? "");
    // Two digits of a year: GPS began in 1980.
    const year = Number(match?.[3]) < 80 ? 2000 : 1900;
    return this.#position(fields, 0, 2, fields[1] === "A", () => {
      if (match) this.#date = dateOf(year + Number(match[3]), Number(match[2]), Number(match[1])) ?? this.#date;
      this.#stamp();
      this.#speed(numberAt(fields, 6));
      put(this.#fix, "track", numberAt(fields, 7));
    });
  }

  #gsa(fields: readonly string[]): NmeaFix {
    const dimensions = fields[1];
    this.#dimensions = dimensions === "2" ? 2 : dimensions === "3" ? 3 : undefined;
    if (this.#fix.latitude !== undefined) this.#fix.mode = this.#mode();
    if (dimensions === "1") this.#fix.mode = 1;
    return { ...this.#fix };
  }

  #zda(fields: readonly string[]): NmeaFix {
    const [day, month, year] = [numberAt(fields, 1), numberAt(fields, 2), numberAt(fields, 3)];
    if (day !== undefined && month !== undefined && year !== undefined && year > 1979) {
      this.#date = dateOf(year, month, day) ?? this.#date;
    }
    this.#at(clockAt(fields, 0));
    return { ...this.#fix };
  }
}

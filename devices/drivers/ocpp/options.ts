/** What the gateway gives the central system for charging stations. */
export interface OcppOptions {
  /** Where stations dial in. Default: 127.0.0.1:9220. Port 0 takes a free one. */
  listen?: { host: string; port: number };
  /**
   * Security profile (OCPP 1.6 security whitepaper §3, 2.0.1 part 2 A00): 0 nothing, 1 password, 2 TLS and password, 3 TLS
   * with certificates on both sides. Default 0. A station that once connected with a higher one is not let in with a lower.
   */
  security?: 0 | 1 | 2 | 3;
  /** PEM texts, for profiles 2 and 3; `ca` signs the stations' certificates (3). */
  tls?: { key: string; cert: string; ca?: string };
  /** A station's password (profiles 1 and 2). */
  password?(station: string): string | undefined;
  /** The public key of a station's meter as its label or type approval gives it: hex or base64. */
  meterKey?(station: string): string | undefined;
  /**
   * Where open sessions and registers survive a restart. `save` returns when the text is durable, or throws; it is called before
   * a station gets the answer that relies on it.
   */
  state?: { load(station: string): string | undefined; save(station: string, text: string): void };
  /** 32 secret bytes that id tags are hashed with; without them no trace of an id tag leaves the driver. */
  idTagKey?: Uint8Array;
  /** Told when a station that nobody configured dials in. */
  onPending?(station: PendingStation): void;
}

/** A station that dialled in and is not configured. Nothing of what it measures is taken. */
export interface PendingStation {
  /** Last part of the address it dialled. */
  station: string;
  version: "1.6" | "2.0.1";
  /** Network address. */
  from: string;
  /** ms since 1970. */
  since: number;
  vendor?: string;
  model?: string;
  serial?: string;
  firmware?: string;
}

/** What a device's section must say to adopt a station. */
export interface Adoption {
  name: string;
  driver: string;
  station: string;
}

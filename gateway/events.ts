/**
 * What happens on the path, as it happens. `ms` is counted from the start of the process that prints it.
 * Byte values are hex text, 64-bit numbers decimal text, so that every event is plain JSON.
 */
export type GatewayEvent =
  | {
      event: "ready";
      backend: string;
      devices: number;
      recovered: { records: number; pending: number; logSize: number };
    }
  | {
      event: "reading";
      device: string;
      key: string;
      seq: string;
      quality: string;
      values: Record<string, number | string | boolean>;
      work: string;
    }
  | { event: "attestation"; device: string; key: string; index: number; first: string; count: number }
  | { event: "checkpoint"; size: number; root: string; count: number }
  | {
      event: "commitment";
      size: number;
      root: string;
      seq: number;
      block: number;
      tx: string;
      gas: number;
      finalized: boolean;
    }
  | { event: "sealed"; epoch: number; kind: number; root: string; work: string; devices: number }
  /** Growth of a device that is in no seal of the epoch, and why. */
  | { event: "unsealed"; epoch: number; device: string; why: string }
  | { event: "demand"; id: string; state: "open" | "answered" | "unanswered"; gas?: number; why?: string }
  | { event: "pending"; station: string; from: string; vendor?: string; model?: string }
  | { event: "registered"; device: string; key: string; tx: string }
  | { event: "device"; device: string; state: "online" | "offline"; why?: string }
  | { event: "part"; part: "signer" | "broker" | "gateway" | "coordinator"; state: string; why?: string }
  | { event: "refused"; device: string; code: string; why: string };

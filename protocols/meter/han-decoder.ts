import { concatBytes, ProtocolError } from "../bytes/index.ts";
import type { DlmsOpener } from "./glo-ciphering.ts";
import { type HanList, readHanList } from "./han.ts";
import { HdlcDecoder, type HdlcDiscardReason, type HdlcEvent, type HdlcFrame } from "./hdlc.ts";
import { decodeDlmsNotification } from "./notification.ts";

/**
 * payload: sound frames whose content is no list of a meter; `error` says why. segment: part of a message whose other parts
 * are missing or too many.
 */
export type HanDiscardReason = HdlcDiscardReason | "payload" | "segment";

export type HanEvent =
  | { kind: "list"; list: HanList; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: HanDiscardReason; error?: ProtocolError };

export interface HanDecoderOptions {
  /** Longest message over several frames. */
  maxBytes?: number;
  /** Of a meter that encrypts. */
  opener?: DlmsOpener | undefined;
}

/** Lists of a meter's customer interface (HAN) from what the line delivers: HDLC frames, joined where they are segmented. */
export class HanDecoder {
  readonly #hdlc = new HdlcDecoder();
  readonly #max: number;
  readonly #opener: DlmsOpener | undefined;
  /** Parts of a message that is not complete, in the order sent. */
  #parts: { frame: HdlcFrame; bytes: Uint8Array }[] = [];
  #held = 0;

  constructor(options: HanDecoderOptions = {}) {
    this.#max = options.maxBytes ?? 16_384;
    this.#opener = options.opener;
  }

  push(chunk: Uint8Array): HanEvent[] {
    const events: HanEvent[] = [];
    for (const event of this.#hdlc.push(chunk)) this.#take(event, events);
    return events;
  }

  #take(event: HdlcEvent, events: HanEvent[]): void {
    if (event.kind === "discarded") {
      // A frame that failed its check may have been one of the parts.
      if (event.why !== "noise") this.#giveUp(events);
      events.push(event);
      return;
    }
    const { frame, bytes } = event;
    const [first] = this.#parts;
    if (first && (first.frame.source !== frame.source || first.frame.destination !== frame.destination)) {
      this.#giveUp(events);
    }
    this.#parts.push({ frame, bytes });
    this.#held += bytes.length;
    if (this.#held > this.#max) this.#giveUp(events);
    else if (!frame.segmented) this.#complete(events);
  }

  #complete(events: HanEvent[]): void {
    const bytes = concatBytes(...this.#parts.map((part) => part.bytes));
    const information = concatBytes(...this.#parts.map((part) => part.frame.information));
    this.#clear();
    try {
      events.push({ kind: "list", list: readHanList(decodeDlmsNotification(information, this.#opener)), bytes });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      events.push({ kind: "discarded", bytes, why: "payload", error });
    }
  }

  #giveUp(events: HanEvent[]): void {
    if (this.#parts.length > 0) {
      events.push({ kind: "discarded", bytes: concatBytes(...this.#parts.map((part) => part.bytes)), why: "segment" });
    }
    this.#clear();
  }

  #clear(): void {
    this.#parts = [];
    this.#held = 0;
  }
}

import { type FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import type { GatewayEvent } from "../events.ts";
import type { AnsweringEvent } from "./answering.ts";
import type { DutiesOptions } from "./duties.ts";
import type { SealingEvent } from "./sealing.ts";

/** Where trouble is shown. */
interface Telling {
  trouble(namespace: string, device: string | undefined, code: string, why: string): void;
}

function eventOf(event: Exclude<SealingEvent | AnsweringEvent, { kind: "left" }>): GatewayEvent {
  if (event.kind === "sealed") {
    const { epoch, deviceKind, root, work, count } = event;
    return {
      event: "sealed",
      epoch: Number(epoch),
      kind: deviceKind,
      root: toHex(root),
      work: work.toString(),
      devices: count,
    };
  }
  const id = `0x${toHex(event.demand.id)}`;
  if (event.kind === "demanded") return { event: "demand", id, state: "open" };
  if (event.kind === "answered") return { event: "demand", id, state: "answered", gas: Number(event.gasUsed) };
  return { event: "demand", id, state: "unanswered", why: event.error.message };
}

/** What the gateway's duties tell, as events and as trouble. */
export function dutyEvents(
  telemetry: Telling,
  onEvent: (event: GatewayEvent) => void,
): Pick<DutiesOptions, "onEvent" | "onFailure"> {
  return {
    onEvent(event) {
      if (event.kind === "left") {
        const device = toHex(event.device).slice(0, 8);
        onEvent({ event: "unsealed", epoch: Number(event.epoch), device: `fs:${device}`, why: event.why });
        const what = `epoch ${event.epoch}: growth of fs:${device} is not sealed (${event.why})`;
        telemetry.trouble("coordinator", undefined, "FS-SEAL-LEFT", what);
        return;
      }
      onEvent(eventOf(event));
      if (event.kind === "unanswered") {
        telemetry.trouble("coordinator", undefined, event.error.code, `a demand is unanswered: ${event.error.message}`);
      }
    },
    onFailure: ({ code, message }: FieldsealError) => telemetry.trouble("coordinator", undefined, code, message),
  };
}

import { utf8 } from "../../protocols/bytes/index.ts";
import { TEXT_WIDTHS } from "../drivers/text/values.ts";
import type { SimulatedBoard } from "./board.ts";
import { pushPeer } from "./push-peer.ts";

/** The packet of the profile's node, low bytes first. */
function packetLine(board: SimulatedBoard, reported: ReadonlyMap<string, number>): string | undefined {
  const bytes = new Uint8Array(board.profile.text!.packetBytes);
  let node: number | undefined;
  for (const { name, text } of board.profile.measurements) {
    if (text === undefined || "field" in text) continue;
    node = text.node;
    const value = Math.trunc(reported.get(name) ?? 0);
    for (let i = 0; i < TEXT_WIDTHS[text.type]; i++) bytes[text.at + i] = Math.floor(value / 256 ** i) & 0xff;
  }
  return node === undefined ? undefined : `OK ${node} ${bytes.join(" ")} (-0)`;
}

function fieldLine(board: SimulatedBoard, reported: ReadonlyMap<string, number>): string {
  return board.profile.measurements
    .flatMap(({ name, text }) =>
      text && "field" in text ? [`${text.field}:${Number((reported.get(name) ?? 0).toFixed(2))}`] : [],
    )
    .join(",");
}

/** A board that prints a line every few seconds. */
export const textPeer = pushPeer({
  baudRate: ({ text }) => text!.baudRate,
  interval: 10_000,
  message(board) {
    const reported = board.reported();
    return utf8(`${packetLine(board, reported) ?? fieldLine(board, reported)}\r\n`);
  },
});

import { type MemoryDevice, memoryPort, type Port } from "../../firmware-bridge/port/index.ts";
import { toHex } from "../../protocols/bytes/index.ts";
import { FirmataDecoder, parseFirmata } from "../../protocols/firmata/index.ts";
import { type Burst, readTranscript } from "./transcript.ts";

/** StandardFirmata 2.5.9 on an Uno (`transcripts/firmata/ORIGIN.md`), as it was recorded. */
export const STANDARD_FIRMATA = "transcripts/firmata/StandardFirmata-2.5.9-uno.jsonl";

/** What the board sent, in order. */
export const boardBursts = (): Burst[] => readTranscript(STANDARD_FIRMATA).filter(({ from }) => from === "board");

/** All messages of the recorded board with their bytes. */
export function recordedMessages() {
  const decoder = new FirmataDecoder();
  const events = boardBursts().flatMap(({ at, bytes }) => decoder.push(bytes).map((event) => ({ at, ...event })));
  return events.map(({ at, bytes, kind }) => ({
    at,
    bytes,
    message: kind === "message" ? parseFirmata(bytes) : undefined,
  }));
}

const READ_ONCE = 0b01;
const READ_ON = 0b10;

/**
 * The recorded board on a memory port: it answers what it is asked with the bytes of then, and sends everything after its set-up,
 * unchanged and in order, as soon as a sensor is to be read continuously. Nothing asked for is invented: a question that the
 * recording has no answer to stays without one.
 */
export function replayedBoard(): { port: Port; device: MemoryDevice; unanswered: string[] } {
  const { host: port, device } = memoryPort("/dev/replay");
  const messages = recordedMessages();
  const unanswered: string[] = [];
  let played = false;
  const answer = (kind: string, address?: number, register?: number) => {
    const found = messages.find(
      ({ message }) =>
        message?.kind === kind &&
        (message.kind !== "i2c" || (message.address === address && message.register === register)),
    );
    if (found) device.send(found.bytes);
    else unanswered.push(`${kind} ${address ?? ""} ${register ?? ""}`);
  };
  const play = () => {
    if (played) return;
    played = true;
    const mapping = boardBursts().findIndex(({ bytes }) => toHex(bytes).startsWith("f06a"));
    for (const { bytes } of boardBursts().slice(mapping + 1)) device.send(bytes);
  };
  device.onBytes = (bytes) => {
    if (bytes[0] === 0xf9) answer("version");
    if (bytes[0] !== 0xf0) return;
    if (bytes[1] === 0x79) answer("firmware");
    if (bytes[1] === 0x6b) answer("capabilities");
    if (bytes[1] === 0x69) answer("analog-mapping");
    if (bytes[1] !== 0x76) return;
    const mode = (bytes[3]! >> 3) & 3;
    const register = bytes[4]! | (bytes[5]! << 7);
    if (mode === READ_ONCE) answer("i2c", bytes[2], register);
    if (mode === READ_ON) play();
  };
  // Opening the port resets the board.
  const open = port.open.bind(port);
  port.open = async () => {
    await open();
    answer("version");
    answer("firmware");
  };
  return { port, device, unanswered };
}

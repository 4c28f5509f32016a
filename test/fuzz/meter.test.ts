import { expect, it } from "vitest";
import { concatBytes, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import {
  decodeTelegram,
  dsmrVersion,
  encodeTelegram,
  mbusChannels,
  powerFailures,
  TelegramDecoder,
  telegramTime,
} from "../../protocols/meter/index.ts";
import { fuzzDecoder, mutations } from "../support/mutate.ts";

const V5 = encodeTelegram("ISK5\\2M550T-1012", [
  "1-3:0.2.8(50)",
  "0-0:1.0.0(261122140320W)",
  "0-0:96.1.1(4B384547303034303436333935353037)",
  "1-0:1.8.1(001234.567*kWh)",
  "1-0:1.7.0(01.193*kW)",
  "1-0:99.97.0(2)(0-0:96.7.19)(101208152415W)(0000000240*s)(101208151004W)(0000000301*s)",
  "0-1:24.1.0(003)",
  "0-1:24.2.1(261122140000W)(12785.123*m3)",
]);
const V2 = utf8(
  "/ISk5\\2MT382-1004\r\n\r\n1-0:1.8.1(00001.001*kWh)\r\n0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n!\r\n",
);

function everything(bytes: Uint8Array): void {
  const telegram = decodeTelegram(bytes);
  dsmrVersion(telegram);
  telegramTime(telegram);
  mbusChannels(telegram);
  powerFailures(telegram);
}

it("telegram: mutated bytes end in a ProtocolError, quickly", () => {
  expect(fuzzDecoder({ name: "telegram", corpus: [V5, V2], decode: everything }).accepted).toBeGreaterThan(0);
});

it("telegram stream: every byte is accounted for, quickly", () => {
  const decode = (bytes: Uint8Array) => {
    const decoder = new TelegramDecoder();
    const events = [...decoder.push(bytes.subarray(0, 100)), ...decoder.push(bytes.subarray(100))];
    const seen = events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (seen > bytes.length) throw new Error(`${seen} of ${bytes.length} bytes reported`);
    if (!events.some((event) => event.kind === "telegram")) throw new ProtocolError("FS-TEST", "nothing found");
  };
  fuzzDecoder({ name: "telegram stream", corpus: [V5, V2, concatBytes(V5, V2, V5)], decode });
});

it("telegram stream: a flood of false starts costs little", () => {
  for (const unit of ["/", "/AAA5", "/AAA5\r\n", "/AAA5\r\n\r\n(", "!\n", "/AAA5\n!\n", "/AAA5\n!0000\n"]) {
    const bytes = utf8(unit.repeat(4096 / unit.length));
    const decoder = new TelegramDecoder();
    const before = process.cpuUsage();
    decoder.push(concatBytes(bytes, utf8("\r\n!1234\r\n")));
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000, JSON.stringify(unit)).toBeLessThan(200);
  }
});

it("a good telegram behind mutated ones is always read", () => {
  for (const bytes of mutations(7, [V5, V2], 3000, 4096)) {
    const events = new TelegramDecoder().push(concatBytes(bytes, utf8("\r\n"), V5));
    const last = events.at(-1);
    expect(last?.kind).toBe("telegram");
    expect(last?.bytes).toEqual(V5);
  }
});

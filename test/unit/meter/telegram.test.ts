import { expect, it } from "vitest";
import { utf8 } from "../../../protocols/bytes/index.ts";
import {
  decimalText,
  decodeTelegram,
  dsmrVersion,
  encodeTelegram,
  findValue,
  mbusChannels,
  meterTimeToUtc,
  octetText,
  parseMeterTime,
  powerFailures,
  type Telegram,
  telegramTime,
} from "../../../protocols/meter/index.ts";
import { describeVectors, readVector } from "../../support/vectors.ts";

const number = (telegram: Telegram, code: string) => decimalText(findValue(telegram, code)!);

describeVectors("dsmr", "DSMR telegrams of meters in the field", () => {
  const read = (version: string) => decodeTelegram(readVector(`dsmr/TELEGRAM_V${version}.txt`));

  it("reads DSMR 2.2: no CRC, gas on its own line", () => {
    const telegram = read("2_2");
    expect(telegram.header).toBe("ISk5\\2MT382-1004");
    expect(telegram.crc).toBeUndefined();
    expect(telegram.objects).toHaveLength(16);
    expect(dsmrVersion(telegram)).toBeUndefined();
    expect(telegramTime(telegram)).toBeUndefined();
    expect(number(telegram, "1-0:1.8.1")).toBe("1.001");
    expect(number(telegram, "1-0:1.7.0")).toBe("1.01");
    expect(findValue(telegram, "1-0:1.7.0")).toEqual({ text: "0001.01", unit: "kW" });
    expect(number(telegram, "0-0:17.0.0")).toBe("999.00");
    expect(powerFailures(telegram)).toEqual([]);
    expect(mbusChannels(telegram)).toEqual([
      {
        channel: 1,
        type: 3,
        equipment: "000000000000",
        reading: { value: "1.001", unit: "m3", time: { text: "161107190000", local: Date.UTC(2016, 10, 7, 19) } },
      },
    ]);
  });

  it("reads DSMR 3", () => {
    const telegram = read("3");
    expect(number(telegram, "1-0:1.8.1")).toBe("12345.678");
    expect(number(telegram, "1-0:1.7.0")).toBe("1.19");
    expect(findValue(telegram, "0-0:17.0.0")).toEqual({ text: "016", unit: "A" });
    expect(octetText(findValue(telegram, "0-0:96.1.1")!)).toBe("K8EG004046395507");
    expect(octetText(findValue(telegram, "0-0:96.13.0")!)).toBe("0123456789:;<=>?".repeat(5));
    expect(mbusChannels(telegram)[0]?.reading?.value).toBe("1.001");
  });

  it("reads DSMR 4.2: CRC, time with flag, power failure log, gas", () => {
    const telegram = read("4_2");
    expect(telegram.crc).toBe(0x6796);
    expect(dsmrVersion(telegram)).toBe(42);
    const time = telegramTime(telegram)!;
    expect(time).toMatchObject({ text: "161113205757W", summer: false });
    expect(meterTimeToUtc(time)).toBe(Date.UTC(2016, 10, 13, 19, 57, 57));
    expect(number(telegram, "1-0:1.8.1")).toBe("1581.123");
    expect(number(telegram, "1-0:1.8.2")).toBe("1435.706");
    expect(number(telegram, "1-0:1.7.0")).toBe("2.027");
    expect(number(telegram, "1-0:51.7.0")).toBe("6");
    expect(number(telegram, "1-0:41.7.0")).toBe("1.247");
    expect(powerFailures(telegram).map(({ end, seconds }) => [end.text, seconds])).toEqual([
      ["000104180320W", 237126],
      ["000101000001W", 2147583646],
      ["000102000003W", 2317482647],
    ]);
    expect(mbusChannels(telegram)).toMatchObject([
      { channel: 1, type: 3, reading: { value: "981.443", unit: "m3", time: { text: "161129200000W" } } },
    ]);
  });

  it("reads DSMR 5: voltages, two channels", () => {
    const telegram = read("5");
    expect(telegram.crc).toBe(0x6eee);
    expect(dsmrVersion(telegram)).toBe(50);
    expect(["32", "52", "72"].map((phase) => number(telegram, `1-0:${phase}.7.0`))).toEqual([
      "230.0",
      "230.0",
      "229.0",
    ]);
    expect(["31", "51", "71"].map((phase) => number(telegram, `1-0:${phase}.7.0`))).toEqual(["0.48", "0.44", "0.86"]);
    expect(number(telegram, "1-0:1.8.1")).toBe("4.426");
    expect(number(telegram, "1-0:2.8.1")).toBe("2.444");
    expect(powerFailures(telegram)).toEqual([]);
    expect(mbusChannels(telegram)).toMatchObject([
      { channel: 1, type: 3, reading: { value: "0.107", unit: "m3" } },
      { channel: 2, type: 3 },
    ]);
  });

  it("finds every single flipped bit by the CRC, and never takes it for a telegram without one", () => {
    const bytes = readVector("dsmr/TELEGRAM_V5.txt");
    const end = bytes.lastIndexOf(0x0d);
    for (let at = 0; at < end; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[at]! ^= 1 << bit;
        // Case of a hex digit of the CRC carries no information.
        if (at > bytes.lastIndexOf(0x21) && bit === 5 && flipped[at]! > 0x60) continue;
        expect(() => decodeTelegram(flipped), `byte ${at} bit ${bit}`).toThrow();
      }
    }
  });
});

it("places local time by the flag, also in the hour that occurs twice", () => {
  const summer = meterTimeToUtc(parseMeterTime("261025023000S"))!;
  const winter = meterTimeToUtc(parseMeterTime("261025023000W"))!;
  expect(summer).toBe(Date.UTC(2026, 9, 25, 0, 30));
  expect(winter - summer).toBe(3_600_000);
  expect(meterTimeToUtc(parseMeterTime("261025023000"))).toBeUndefined();
});

it.each(["261325023000W", "260230023000W", "261025243000W", "261025026100W", "26102502300W", "261025023000X"])(
  "refuses the time %s",
  (text) => {
    expect(() => parseMeterTime(text)).toThrow(expect.objectContaining({ code: "FS-METER-TIME" }) as Error);
  },
);

it.each([
  ["FS-METER-LINE", "no brackets", "1-0:1.8.1"],
  ["FS-METER-LINE", "bracket not closed", "1-0:1.8.1(000004.426*kWh"],
  ["FS-METER-LINE", "not a number", "1-0:1.8.1(00x004.426*kWh)"],
  ["FS-METER-LINE", "not OBIS", "1-0;1.8.1(000004.426*kWh)"],
  ["FS-METER-LINE", "text behind", "1-0:1.8.1(000004.426*kWh)5"],
  ["FS-METER-LINE", "bracket in bracket", "1-0:1.8.1((000004.426*kWh)"],
])("names the line that is wrong: %s, %s", (code, _, line) => {
  const bytes = encodeTelegram("ISK5TEST", ["1-3:0.2.8(50)", line]);
  expect(() => decodeTelegram(bytes)).toThrow(expect.objectContaining({ code, context: { line } }) as Error);
});

it("wants a CRC from a telegram that says DSMR 4 or later", () => {
  expect(() => decodeTelegram(utf8("/ISK5TEST\r\n\r\n1-3:0.2.8(50)\r\n!\r\n"))).toThrow(
    expect.objectContaining({ code: "FS-METER-CRC" }) as Error,
  );
});

it("writes what it reads", () => {
  const telegram = decodeTelegram(encodeTelegram("ISK5TEST", ["1-3:0.2.8(50)", "1-0:1.8.1(000004.426*kWh)"]));
  expect(telegram).toMatchObject({
    header: "ISK5TEST",
    objects: [
      { code: "1-3:0.2.8", values: [{ text: "50" }] },
      { code: "1-0:1.8.1", values: [{ text: "000004.426", unit: "kWh" }] },
    ],
  });
});

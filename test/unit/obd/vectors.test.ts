import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { decodeAnswers, decodeVin, PIDS, type SignalFormat, signalValue } from "../../../protocols/obd/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";

interface Definition {
  hdr: string;
  rax?: string;
  cmd: Record<string, string>;
  signals: { id: string; fmt: Record<string, unknown> }[];
}
interface Case {
  expected_values: Record<string, number | string>;
  response: string;
}

/** The public definitions' words for a format, in ours. */
function formatOf({ bix, len, mul, div, add, sign, map }: Record<string, unknown>): SignalFormat {
  const texts = map as Record<string, { value: string }> | undefined;
  return {
    length: len as number,
    ...(bix === undefined ? {} : { bit: bix as number }),
    ...(mul === undefined ? {} : { mul: mul as number }),
    ...(div === undefined ? {} : { div: div as number }),
    ...(add === undefined ? {} : { add: add as number }),
    ...(sign === true ? { signed: true } : {}),
    ...(texts ? { map: Object.fromEntries(Object.entries(texts).map(([raw, { value }]) => [raw, value])) } : {}),
  };
}

const commandOf = ({ hdr, rax, cmd }: Definition) => {
  const [[service, pid]] = Object.entries(cmd) as [[string, string]];
  return [`${hdr}.${service}${pid}`, ...(rax ? [`${hdr}.${rax}.${service}${pid}`] : [])];
};

describeVectors("obd", "answers of real cars", () => {
  const definitions = new Map<string, Definition>();
  for (const file of ["obd/SAEJ1979.json", "obd/Chevrolet-Bolt-EV/signals.json"]) {
    const { commands } = JSON.parse(readVector(file).toString()) as { commands: Definition[] };
    for (const command of commands) for (const id of commandOf(command)) definitions.set(id, command);
  }

  it("decode to the values that are expected of them", () => {
    const wrong: string[] = [];
    let values = 0;
    let cases = 0;
    const root = vectorPath("obd/Chevrolet-Bolt-EV");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
    for (const file of files.sort()) {
      const whole = parse(readFileSync(join(root, file), "utf8")) as { command_id: string; test_cases: Case[] };
      const definition = definitions.get(whole.command_id);
      if (!definition) {
        wrong.push(`${file}: no definition`);
        continue;
      }
      const [[service, pid]] = Object.entries(definition.cmd) as [[string, string]];
      const request = { service: Number.parseInt(service, 16), pid: Number.parseInt(pid, 16) };
      for (const { expected_values, response } of whole.test_cases) {
        cases++;
        const { answers } = decodeAnswers(request, String(response).trim().split("\n"));
        for (const [id, expected] of Object.entries(expected_values)) {
          values++;
          const format = definition.signals.find((signal) => signal.id === id);
          // Without a word on it, an ECU answers under its own identifier plus 8 (ISO 15765-4 §6.3.2.2).
          const { rax, hdr } = definition;
          const wanted = rax === undefined ? Number.parseInt(hdr, 16) + 8 : Number.parseInt(rax, 16);
          const answer = answers.find((one) => one.id === wanted) ?? answers[0];
          const got = format && answer && signalValue(formatOf(format.fmt), answer.data);
          const near = typeof got === "number" && Math.abs(got - Number(expected)) <= 1e-4 * Math.max(1, Math.abs(got));
          if (!near && got !== expected) wrong.push(`${file}: ${id} is ${String(got)}, not ${String(expected)}`);
        }
      }
    }
    expect(cases).toBe(807);
    expect(values).toBeGreaterThanOrEqual(807);
    // Six control units answered at once, each with the voltage at its own supply. Ours is that of the unit asked (7E8); the
    // expected one that of whichever line came last.
    expect(wrong).toEqual([
      "2019/7E0.0142.yaml: VPWR is 13.346, not 13.497",
      "2019/7E0.0142.yaml: VPWR is 13.801, not 14.136",
      "2019/7E0.0142.yaml: VPWR is 12.697, not 12.968",
    ]);
  });

  it("our own table scales as the public definitions do", () => {
    const units: Record<string, number> = { m: 0.001 };
    for (const [name, ours] of Object.entries(PIDS)) {
      const text = ours.pid.toString(16).toUpperCase().padStart(2, "0");
      const [signal] = definitions.get(`7E0.01${text}`)!.signals;
      const data = Uint8Array.of(0x12, 0x34, 0x56, 0x78);
      const theirs = signalValue(formatOf(signal!.fmt), data);
      expect(Number(signalValue(ours, data)) * (units[ours.unit] ?? 1), name).toBeCloseTo(Number(theirs), 6);
    }
  });
});

it("a VIN comes in one piece, however it is padded", () => {
  // SAE J1979 §6.9: 49 02 01 and 17 characters, in three frames.
  const lines = ["7E8 10 14 49 02 01 31 44 34", "7E8 21 47 50 30 30 52 35 35", "7E8 22 42 31 32 33 34 35 36"];
  const { answers } = decodeAnswers({ service: 9, pid: 2 }, lines);
  expect(answers).toHaveLength(1);
  expect(decodeVin(answers[0]!.data)).toBe("1D4GP00R55B123456");
});

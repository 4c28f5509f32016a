/*
 * A process that appends to a journal and says what is acknowledged, to be killed:
 *   node journal-writer.mjs DIRECTORY direct|cached|lying one|two CALLS
 * Prints "found FIRST LAST", then "put LAST" before and "ack LAST" after every call, "full", "open", "failed CODE", "done".
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import type { DiskFile } from "../../gateway/journal/disk.ts";
import { Journal } from "../../gateway/journal/journal.ts";
import { NodeDisk } from "../../gateway/journal/node-disk.ts";
import { EnvironmentError } from "../../protocols/bytes/index.ts";

/** Says "durable" when it is only written: the control that must lose data. */
class LyingDisk extends NodeDisk {
  override async open(name: string, options?: { create?: boolean }): Promise<DiskFile> {
    const file = await super.open(name, options);
    return Object.assign(Object.create(file) as DiskFile, {
      size: file.size,
      read: (at: number, into: Uint8Array) => file.read(at, into),
      write: (at: number, bytes: Uint8Array) => file.write(at, bytes),
      writeDurable: (at: number, bytes: Uint8Array) => file.write(at, bytes),
      sync: async () => undefined,
      close: () => file.close(),
    });
  }
}

const say = (line: string) => writeSync(1, `${line}\n`);

async function main([directory, write, commit, calls]: string[]): Promise<void> {
  const options = { directory: directory!, random: randomBytes, commit: commit as "one" | "two" };
  const disk =
    write === "lying"
      ? new LyingDisk({ ...options, write: "cached" })
      : new NodeDisk({ ...options, write: write as "direct" | "cached" });
  const journal = new Journal({
    disk,
    clock: systemClock(),
    random: randomBytes,
    commitMs: 0,
    segmentBytes: 8192,
    groupBytes: 2048,
    spareSegments: 1,
    retryMs: 10,
  });
  journal.onState = (state) => say(state);
  let first = 0;
  let last = 0;
  await journal.open(({ payload }) => {
    last = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    first ||= last;
  });
  say(`found ${first} ${last}`);
  for (let call = 0; call < Number(calls); call++) {
    const records = Array.from({ length: 1 + (call % 3) }, () => {
      const payload = new Uint8Array(300 + ((last * 97) % 500)).fill(++last);
      new DataView(payload.buffer).setUint32(0, last);
      return { kind: 1, payload };
    });
    say(`put ${last}`);
    const positions = await journal.appendAll(records);
    say(`ack ${last}`);
    if (call % 5 === 4) {
      await journal.release(positions.at(-1)!);
      say(`released ${last}`);
    }
  }
  await journal.close();
  say("done");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof EnvironmentError)) throw error;
  say(`failed ${error.code}`);
  process.exit(3);
});

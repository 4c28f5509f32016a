import { randomBytes } from "node:crypto";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { Journal } from "../../gateway/journal/journal.ts";
import { NodeDisk } from "../../gateway/journal/node-disk.ts";

export interface Acknowledged {
  /** What `journal-writer` said last: handed to the journal, acknowledged, released. */
  put: number;
  ack: number;
  released: number;
}

/** Takes in what a writer printed before it ended. */
export function follow(said: Acknowledged, output: string): void {
  for (const [, word, value] of output.matchAll(/^(put|ack|released) (\d+)$/gm)) {
    said[word as keyof Acknowledged] = Number(value);
  }
}

/** Opens the writer's journal and names what is wrong with it; undefined when nothing is. Then `said` goes on from what is there. */
export async function judgeDirectory(directory: string, said: Acknowledged): Promise<string | undefined> {
  const ids: number[] = [];
  let altered = 0;
  const journal = new Journal({
    disk: new NodeDisk({ directory, random: randomBytes }),
    clock: systemClock(),
    random: randomBytes,
    commitMs: 0,
    segmentBytes: 8192,
  });
  const { damage } = await journal.open(({ payload }) => {
    const id = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    if (payload.subarray(4).some((byte) => byte !== (id & 0xff))) altered++;
    ids.push(id);
  });
  await journal.close();
  const first = ids[0] ?? Math.max(1, said.released);
  const last = ids.at(-1) ?? first - 1;
  const { put, ack, released } = said;
  Object.assign(said, { put: last, ack: last });
  const lost = damage.filter(({ kind }) => kind !== "repaired");
  if (lost.length > 0) return `${lost[0]!.kind} reported damaged at ${lost[0]!.position}`;
  if (altered > 0) return `${altered} records are altered`;
  if (ids.some((id, i) => id !== first + i)) return `out of order: ${ids.join(" ")}`;
  if (last < ack) return `${ack} was acknowledged, ${last} is the last found`;
  if (last > put) return `${last} was never put`;
  if (first > Math.max(1, put) || first < released) return `${first} is the first found, ${released} was released`;
  return undefined;
}

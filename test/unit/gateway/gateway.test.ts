import { afterEach, describe, expect, it } from "vitest";
import { ProofExporter } from "../../../gateway/proofs/export.ts";
import { verifyProof } from "../../../gateway/verify/index.ts";
import { decodeProof, encodeProof } from "../../../protocols/proof/index.ts";
import {
  acknowledged,
  allBatched,
  loggedReadings,
  makeSite,
  startGateway,
  stop,
  until,
  up,
} from "../../support/gateway-rig.ts";
import { removeTempDirs } from "../../support/keystore.ts";

afterEach(removeTempDirs);

const exporterOf = (site: ReturnType<typeof makeSite>, vkey: string) =>
  new ProofExporter({ data: site.data, vkey, coordinator: undefined });

describe("the gateway in one process", () => {
  it("takes a reading to a proof that verifies", async () => {
    const site = makeSite({ pack: 4 });
    const running = await up(await startGateway(site));
    await running.clock.advance(9_000);
    await until(running.clock, allBatched(running));
    const { vkey } = running.gateway.status().info as { vkey: string };
    const exporter = exporterOf(site, vkey);
    const { device, seq } = exporter.newest();
    const proof = await exporter.export(device, seq);
    const report = verifyProof(encodeProof(proof));
    expect(report.steps.filter(({ result }) => result === "failed")).toEqual([]);
    expect(report).toMatchObject({ result: "pending", facts: { seq: String(seq), gap: "0" } });
    expect(decodeProof(encodeProof(proof)).reading.index).toBeGreaterThan(0);
    // Reading 0 of a key is its enrolment's number.
    const first = await exporter.export(device, 1n);
    expect(verifyProof(encodeProof(first)).facts).toMatchObject({ seq: "1", gap: "0" });
    await expect(exporter.export(device, 0n)).rejects.toMatchObject({ code: "FS-PROOF-SEQ" });
    await expect(exporter.export(device, 9999n)).rejects.toMatchObject({ code: "FS-PROOF-PENDING" });
    await stop(running);
    expect(running.fatal).toEqual([]);
    const logged = await loggedReadings(site.files);
    for (const one of logged) expect(acknowledged(running.events)).toContain(one);
  });

  it("goes on after a stop: pending readings are signed, numbers and log run on", async () => {
    const site = makeSite({ pack: 16, every: "4s" });
    const acked: string[] = [];
    let now: number | undefined;
    for (let round = 0; round < 3; round++) {
      const running = await up(await startGateway(site, now === undefined ? {} : { now }));
      await running.clock.advance(5_500);
      await stop(running);
      acked.push(...acknowledged(running.events));
      now = running.clock.now();
      site.disk = site.disk.kill();
    }
    const last = await up(await startGateway(site, { now: now! }));
    await last.clock.advance(4_000);
    await until(last.clock, allBatched(last));
    const logged = await loggedReadings(site.files);
    expect(new Set(logged).size).toBe(logged.length);
    expect(acked.filter((one) => !logged.includes(one))).toEqual([]);
    expect(new Set(acked).size).toBe(acked.length);
  });
});

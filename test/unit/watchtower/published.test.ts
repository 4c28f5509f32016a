import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryLogFiles } from "../../../gateway/batch/index.ts";
import {
  decodePublishedShares,
  encodePublishedShares,
  publishedAt,
  publishedIn,
} from "../../../gateway/watchtower/index.ts";
import { ProtocolError, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeEntryBundle, tilePath } from "../../../protocols/log/index.ts";

const share = (byte: number) => ({
  device: new Uint8Array(32).fill(byte),
  from: 5n,
  to: 9n,
  fromIndex: (1n << 64n) - 1n,
  toIndex: 3n,
});
const seals = [
  { kind: 0, shares: [share(1), share(2)] },
  { kind: 15, shares: [share(3)] },
];
const text = encodePublishedShares(7n, seals);
const changed = (from: string | RegExp, to: string): string => {
  const result = text.replace(from, to);
  expect(result).not.toBe(text);
  return result;
};

describe("published shares", () => {
  it("are read as they were written, and what else the file holds is passed over", () => {
    expect(decodePublishedShares(text, 7n)).toEqual(seals);
    expect(decodePublishedShares(changed('"version":1', '"version":1,"standings":[[1]]'), 7n)).toEqual(seals);
  });

  it.each([
    ["no JSON", () => "{"],
    ["no object", () => "[]"],
    ["null", () => "null"],
    ["another version", () => changed('"version":1', '"version":2')],
    ["another epoch", () => changed('"epoch":"7"', '"epoch":"8"')],
    ["no seals", () => '{"version":1,"epoch":"7"}'],
    ["an unknown kind", () => changed('"kind":15', '"kind":16')],
    ["a kind that is no whole number", () => changed('"kind":15', '"kind":1.5')],
    ["a kind twice", () => changed('"kind":15', '"kind":0')],
    ["a device too short", () => changed("01010101", "010101")],
    ["a number that is no text", () => changed('"5"', "5")],
    ["a number with a sign", () => changed('"5"', '"-5"')],
    ["a number beyond 64 bits", () => changed('"9"', '"18446744073709551616"')],
    ["no work", () => changed('"9"', '"5"')],
    ["a share with more values", () => changed('"3"]', '"3","4"]')],
    ["a share that is no list", () => changed(/\["03.*?\]/, '"x"')],
  ])("%s is refused", (_, make) => {
    const bad = make();
    expect(() => decodePublishedShares(bad, 7n)).toThrow(ProtocolError);
    expect(() => decodePublishedShares(bad, 7n)).toThrow(expect.objectContaining({ code: "FS-WATCH-SHARES" }));
  });
});

describe("a gateway's files over HTTP", () => {
  const bundle = encodeEntryBundle([utf8("a"), utf8("b"), utf8("c")]);
  const bodies: Record<string, (path: string) => { status: number; body: Uint8Array | string }> = {
    [`/gw/log/${tilePath({ level: "entries", index: 0, width: 3 })}`]: () => ({ status: 200, body: bundle }),
    [`/gw/log/${tilePath({ level: "entries", index: 1, width: 3 })}`]: () => ({
      status: 200,
      body: bundle.slice(0, 5),
    }),
    [`/gw/log/${tilePath({ level: "entries", index: 2, width: 3 })}`]: () => ({ status: 500, body: "" }),
    "/gw/seals/0000000007.json": () => ({ status: 200, body: text }),
    "/gw/seals/0000000008.json": () => ({ status: 200, body: Uint8Array.of(0xff, 0xfe) }),
    "/gw/seals/0000000009.json": () => ({ status: 200, body: new Uint8Array((17 << 20) + 1) }),
  };
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/gw/seals/0000000010.json") {
        request.socket.destroy();
        return;
      }
      const found = bodies[request.url ?? ""]?.(request.url!) ?? { status: 404, body: "" };
      response.writeHead(found.status).end(found.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gw/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("are the same as in a folder", async () => {
    const published = publishedAt(base);
    expect(await published.entries(0, 3)).toEqual([utf8("a"), utf8("b"), utf8("c")]);
    expect(await published.shares(7n)).toEqual(seals);
    expect(await published.shares(11n)).toBeUndefined();
  });

  it.each([
    ["a cut bundle", (p: ReturnType<typeof publishedAt>) => p.entries(1, 3), "FS-LOG-DAMAGED"],
    ["another status", (p: ReturnType<typeof publishedAt>) => p.entries(2, 3), "FS-WATCH-ANSWER"],
    ["no bundle", (p: ReturnType<typeof publishedAt>) => p.entries(3, 3), "FS-LOG-DAMAGED"],
    ["bytes that are no text", (p: ReturnType<typeof publishedAt>) => p.shares(8n), "FS-WATCH-SHARES"],
    ["more than is read", (p: ReturnType<typeof publishedAt>) => p.shares(9n), "FS-WATCH-ANSWER"],
    ["a connection that ends", (p: ReturnType<typeof publishedAt>) => p.shares(10n), "FS-WATCH-UNREACHABLE"],
  ])("%s has its own error", async (_, read, code) => {
    await expect(read(publishedAt(base))).rejects.toMatchObject({ code });
  });

  it("a place that is no URL is refused", () => {
    for (const place of ["", "ftp://127.0.0.1/x", "gw"]) {
      expect(() => publishedAt(place)).toThrow(expect.objectContaining({ code: "FS-WATCH-URL" }));
    }
  });

  it("are never written", async () => {
    const files = memoryLogFiles();
    await expect(publishedIn(files, files).entries(0, 1)).rejects.toMatchObject({ code: "FS-LOG-DAMAGED" });
    expect(files.operations).toBe(0);
  });
});

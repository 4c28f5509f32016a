import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { DurableInbox } from "../../../gateway/broker/durable-channel.ts";
import { DurableOutlet } from "../../../gateway/broker/durable-outlet.ts";
import { isLoopback, resolveOptions } from "../../../gateway/broker/embedded-options.ts";
import { RetainedBudget } from "../../../gateway/broker/retained-budget.ts";
import { hashPassword, UserList } from "../../../gateway/broker/users.ts";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { duplexPair } from "../../support/duplex-pair.ts";

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const message = { clientId: "b", topic: "t", payload: utf8("x") };

describe("Where the embedded broker may listen", () => {
  it("knows loopback", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
      expect(isLoopback(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "127.0.0.1.example", "10.0.0.1", "", "127.1"])
      expect(isLoopback(host)).toBe(false);
  });

  it("lets nobody in without a login when there are logins, nor beyond loopback", () => {
    const at = (host: string) => ({ listen: { host, port: 1 } });
    const users = [{ name: "a", password: "" }];
    expect(resolveOptions(at("127.0.0.1")).anonymous).toBe(true);
    expect(resolveOptions({ ...at("localhost"), users })).toMatchObject({ anonymous: false, host: "127.0.0.1" });
    const tls = { key: "", cert: "" };
    expect(resolveOptions({ ...at("0.0.0.0"), users, tls })).toMatchObject({ anonymous: false });
    for (const open of [{}, { users }, { tls }, { users, tls, anonymous: true }]) {
      expect(() => resolveOptions({ ...at("0.0.0.0"), ...open })).toThrow(code("FS-MQTT-EXPOSED"));
    }
  });
});

describe("Broker users", () => {
  const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
  const list = (password: string) => new UserList({ users: [{ name: "a", password }], secret: new Uint8Array(32) });

  it("are known by a salted hash", async () => {
    const hash = hashPassword("horse", salt);
    expect(hash).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(hash).not.toContain("horse");
    expect(await list(hash).login("a", utf8("horse"))).toMatchObject({ name: "a" });
    expect(await list(hash).login("a", utf8("Horse"))).toBeUndefined();
    expect(await list(hash).login("b", utf8("horse"))).toBeUndefined();
  });

  it.each(["horse", "scrypt$1$8$1$x$y", `scrypt$1048576$8$1$${"A".repeat(22)}$${"A".repeat(43)}`])(
    "refuse a stored %s",
    (stored) => {
      expect(() => list(stored)).toThrow(code("FS-MQTT-USER"));
      expect(() => list(stored)).not.toThrow(/horse/);
    },
  );

  it("cannot make the broker hash without limit", async () => {
    const users = list(hashPassword("horse", salt));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => users.login("a", utf8(`guess ${i}`))));
    expect(answers.filter((answer) => answer === "busy").length).toBe(6);
  });
});

describe("Retained messages of others", () => {
  it("are bounded by number and bytes, and clearing gives the room back", () => {
    const budget = new RetainedBudget({ retained: 2, retainedBytes: 100 });
    expect(budget.take("a", 50, true)).toBe(true);
    expect(budget.take("b", 60, true)).toBe(false);
    expect(budget.take("b", 40, true)).toBe(true);
    expect(budget.take("c", 1, true)).toBe(false);
    expect(budget.take("c", 1_000, false)).toBe(true);
    expect(budget.take("a", 0, true)).toBe(true);
    expect(budget.take("c", 50, true)).toBe(true);
  });
});

describe("The durable channel", () => {
  it("gives up on a gateway that says nothing, and ignores it when it speaks too late", async () => {
    const clock = manualClock();
    const outlet = new DurableOutlet({ clock, timeoutMs: 1_000 });
    const [brokerEnd, gatewayEnd] = duplexPair();
    outlet.attach(brokerEnd);
    let finish: () => void = () => undefined;
    const inbox = new DurableInbox({
      onPublish: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    });
    inbox.attach(gatewayEnd);
    await clock.advance(0);
    const delivered = expect(outlet.deliver(message)).rejects.toEqual(code("FS-DURABLE-TIMEOUT"));
    await clock.advance(1_000);
    await delivered;
    finish();
    await clock.advance(0);
    expect(outlet.pending).toBe(0);
    expect(outlet.attached).toBe(true);
  });

  it("sends nothing before the gateway is there to hear it", async () => {
    const clock = manualClock();
    const outlet = new DurableOutlet({ clock });
    const [brokerEnd, gatewayEnd] = duplexPair();
    outlet.attach(brokerEnd);
    const delivered = outlet.deliver(message);
    await clock.advance(0);
    expect([outlet.attached, gatewayEnd.readableLength]).toEqual([false, 0]);
    new DurableInbox({ onPublish: async () => undefined }).attach(gatewayEnd);
    await clock.advance(0);
    await delivered;
    expect(outlet.attached).toBe(true);
  });

  it("holds a bounded number of messages and bytes", async () => {
    const clock = manualClock();
    const few = new DurableOutlet({ clock, maxPending: 1, timeoutMs: 10 });
    const first = few.deliver(message).catch((error: { code: string }) => error.code);
    await expect(few.deliver(message)).rejects.toEqual(code("FS-DURABLE-BACKLOG"));
    await expect(new DurableOutlet({ clock, maxBytes: 10 }).deliver(message)).rejects.toEqual(
      code("FS-DURABLE-BACKLOG"),
    );
    await clock.advance(10);
    expect(await first).toBe("FS-DURABLE-TIMEOUT");
  });

  it("is closed by either side when the other is out of step", async () => {
    const clock = manualClock();
    const failures: unknown[] = [];
    const [a, b] = duplexPair();
    const inbox = new DurableInbox({ onPublish: async () => undefined, onFailure: (error) => failures.push(error) });
    inbox.attach(b);
    a.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await clock.advance(0);
    expect([inbox.attached, failures]).toEqual([false, [code("FS-DURABLE-FRAME")]]);
    const [c, d] = duplexPair();
    const outlet = new DurableOutlet({ clock });
    outlet.attach(c);
    new DurableInbox({ onPublish: async () => undefined }).attach(d);
    await clock.advance(0);
    expect(outlet.attached).toBe(true);
    d.write(Uint8Array.of(0, 0, 0, 1, 9));
    await clock.advance(0);
    expect(outlet.attached).toBe(false);
  });
});

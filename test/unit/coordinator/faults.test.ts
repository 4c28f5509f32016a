import { describe, expect, it } from "vitest";
import artifact from "../../../gateway/coordinator/artifacts/Faults.json" with { type: "json" };
import ledgerArtifact from "../../../gateway/coordinator/artifacts/Ledger.json" with { type: "json" };
import registryArtifact from "../../../gateway/coordinator/artifacts/Registry.json" with { type: "json" };
import { FAULT_REASONS } from "../../../gateway/coordinator/fault-reasons.ts";
import { collectBondsCall, FAULT_CALLS, faultCalls, outpacesCap } from "../../../gateway/coordinator/faults.ts";
import { lostEntry } from "../../../gateway/ingest/state.ts";
import { fromUtf8, toHex } from "../../../protocols/bytes/index.ts";
import { encodeCall, selector } from "../../../protocols/evm/index.ts";
import { FIRST_MARK } from "../../../protocols/shares/index.ts";

interface Parameter {
  type: string;
  components?: readonly Parameter[];
}
interface Item {
  type: string;
  name?: string;
  inputs?: readonly Parameter[];
  stateMutability?: string;
}

const canonical = ({ type, components }: Parameter): string =>
  components ? type.replace("tuple", `(${components.map(canonical).join(",")})`) : type;
const signatureOf = ({ name, inputs = [] }: Item) => `${name}(${inputs.map(canonical).join(",")})`;
const signatures = (abi: readonly Item[], type: string) => abi.filter((item) => item.type === type).map(signatureOf);

const faults = new Uint8Array(20).fill(0xfa);
const gateway = new Uint8Array(20).fill(0x6a);
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const commitment = { seq: 1n, size: 9n, root: hash(1) };
const logged = { commitment, index: 3n, entry: Uint8Array.of(1, 2, 3), path: [hash(2), hash(3)] };
const share = { device: hash(4), from: 5n, to: 9n, fromIndex: FIRST_MARK, toIndex: 3n };
const sealed = { epoch: 2n, kind: 3, share, index: 1n, path: [{ hash: hash(5), sum: 7n }] };

describe("calls of the Faults contract", () => {
  it("have the signatures that the contract has", () => {
    expect(signatures(artifact.abi, "function")).toEqual(expect.arrayContaining(Object.values(FAULT_CALLS)));
  });

  it("cover every function that changes something, with the answers", () => {
    const changing = (artifact.abi as readonly Item[])
      .filter(({ type, stateMutability }) => type === "function" && !/^(view|pure)$/.test(stateMutability ?? ""))
      .map(({ name }) => name);
    expect(changing.sort()).toEqual([...Object.keys(FAULT_CALLS), "answer", "answerShare"].sort());
  });

  it("are encoded for the accused gateway", () => {
    const calls = faultCalls(faults, gateway);
    const key = { alg: "ES256", bytes: new Uint8Array(64).fill(8) } as const;
    const leaf = { commitment, leaf: hash(6), path: [hash(7)] };
    const made = {
      invalid: calls.invalid(logged, key),
      incoherent: calls.incoherent(logged, logged),
      forked: calls.forked(3n, leaf, leaf),
      unbacked: calls.unbacked(sealed),
      misquoted: calls.misquoted(sealed, true, logged),
      misdated: calls.misdated(sealed, commitment),
      outpaced: calls.outpaced(sealed, logged, logged),
      overlapping: calls.overlapping(sealed, sealed),
      demand: calls.demand(commitment, 3n, 10n),
      withheld: calls.withheld(commitment, 3n),
      demandShare: calls.demandShare(2n, 3, 1n, 10n),
      opaque: calls.opaque(2n, 3, 1n),
      collect: collectBondsCall(faults, gateway),
    };
    for (const [name, { to, data }] of Object.entries(made)) {
      expect(to).toBe(faults);
      const wanted = selector(FAULT_CALLS[name as keyof typeof FAULT_CALLS]);
      expect(toHex(data.subarray(0, 4)), name).toBe(toHex(wanted));
      expect(toHex(data.subarray(16, 36)), name).toBe(toHex(gateway));
    }
    expect(made.demand.value).toBe(10n);
    expect(made.demandShare.value).toBe(10n);
    expect(made.withheld.value).toBeUndefined();
  });

  it("show no key where the entry is no attestation", () => {
    const { data } = faultCalls(faults, gateway).invalid(logged);
    const none = [0n, hash(0), hash(0)];
    const whole = [gateway, [[1n, 9n, hash(1)], 3n, logged.entry, logged.path], none];
    expect(toHex(data)).toBe(toHex(encodeCall(FAULT_CALLS.invalid, whole)));
  });
});

it("has words for every custom error of Faults, and for no other", () => {
  const shared = [ledgerArtifact.abi, registryArtifact.abi].flatMap((abi) => signatures(abi, "error"));
  const own = signatures(artifact.abi, "error").filter((error) => !shared.includes(error));
  expect(Object.keys(FAULT_REASONS).sort()).toEqual(own.sort());
});

describe("what an honest gateway checks before it seals", () => {
  const hour = 3_600_000n;
  it.each([
    [22_000n, 0n, hour, false],
    [22_001n, 0n, hour, true],
    [11_000n, hour, 0n, false],
    [11_001n, hour, 0n, true],
  ])("growth %s between %s and %s ms at 11,000 an hour: too fast %s", (growth, start, end, fast) => {
    expect(outpacesCap(growth, 11_000n, start, end)).toBe(fast);
  });
});

it("marks a lost record as the contract knows it", () => {
  // Faults.lostEntry(4); test/FaultsInvalid.t.sol holds the same words.
  expect(fromUtf8(lostEntry(4))).toBe("fieldseal: entry 4 is lost, its journal record was damaged");
});

import { toHex } from "../../protocols/bytes/index.ts";
import { selector, toAddressText, wordToUint } from "../../protocols/evm/index.ts";

/** Why a contract refused a call. */
export interface Revert {
  /** Name of the custom error, `SeqNotNext`. */
  name: string;
  /** The reason in words, with the error's values. */
  text: string;
}

/** Every custom error of the contracts, in words; `{0}` is its first value. */
const REASONS: Readonly<Record<string, string>> = {
  "RegistryMismatch(address)": "the Registry was made for the Ledger at {0}",
  "SeqNotNext(uint64,uint64)": "commitment {0} is not the gateway's next one, {1}",
  "SizeFell(uint64,uint64)": "a log of {0} entries is shorter than the {1} already committed",
  "RingFull(uint64,uint256)": "the place of commitment {0} is free again at {1} (seconds since 1970)",
  "Exiting(uint256)": "the gateway is leaving; its stake can be withdrawn at {0} (seconds since 1970)",
  "NotExiting()": "the gateway has not asked to leave",
  "TooEarly(uint256)": "the stake can be withdrawn at {0} (seconds since 1970)",
  "StakeTooLarge(uint256)": "a stake of {0} wei is too large",
  "NoStake()": "the gateway has no stake",
  "PaymentFailed()": "the account does not accept the payment",
  "FrozenGateway()": "the gateway is frozen by a proven fault",
  "EmptyRun()": "a production run has at least one device",
  "NotMaker(address,address)": "only the maker {0} can admit its run, not {1}",
  "RunKnown(bytes32)": "the run is admitted already",
  "RunUnknown(bytes32)": "the run is not admitted",
  "NotInRun(bytes32,uint64)": "device {0} is not at place {1} of the run",
  "WrongKind(uint8,uint8)": "the statement is of kind {0} instead of {1}",
  "WrongScope(bytes16,bytes16)": "the statement was made for another chain, coordinator or gateway",
  "WrongBody(bytes32,bytes32)": "the body is not the one the device signed",
  "WrongDevice(bytes32,bytes32)": "the key is that of device {0}, not of {1}",
  "ZeroOwner()": "the enrolment names no owner",
  "DeviceKnown(bytes32,address)": "the device is registered already, to {1}",
  "BadSignature(bytes32)": "the signature is not by the key of device {0}",
  "StatementLength(uint256,uint256)": "the statement has {0} bytes instead of {1}",
  "StatementVersion(uint8)": "statement version {0} is not known",
  "StatementReserved()": "a reserved byte of the statement is not 0",
  "EnrolmentLength(uint256,uint256)": "the enrolment has {0} bytes instead of {1}",
  "EnrolmentVersion(uint8)": "enrolment version {0} is not known",
  "EnrolmentAlgorithm(uint8)": "algorithm byte {0} of the enrolment is not known",
  "EnrolmentGrade(uint8)": "signer grade {0} of the enrolment is not known",
  "EnrolmentReserved()": "a reserved byte of the enrolment is not 0",
  "SignatureLength(uint256,uint256)": "the signature has {0} bytes instead of {1}",
  "Ed25519Unsupported()": "this coordinator does not verify Ed25519 signatures",
  "P256Missing()": "this chain has no P-256 precompile at 0x100",
};

/** Signatures of the custom errors that have words here. */
export const KNOWN_REVERTS: readonly string[] = Object.keys(REASONS);

let bySelector: ReadonlyMap<string, string> | undefined;

/** Hashed when the first revert is read: most gateways never meet one, and 30 hashes by cold code hold up a start. */
function signatureOf(data: Uint8Array): string | undefined {
  bySelector ??= new Map(KNOWN_REVERTS.map((signature) => [toHex(selector(signature)), signature]));
  return bySelector.get(toHex(data.subarray(0, 4)));
}

function valueText(type: string, word: Uint8Array): string {
  if (type === "address") return toAddressText(word.subarray(12));
  const fixed = /^bytes([0-9]+)$/.exec(type);
  return fixed ? `0x${toHex(word.subarray(0, Number(fixed[1])))}` : wordToUint(word).toString();
}

/** Reads revert data; undefined when it is no custom error of ours. */
export function readRevert(data: Uint8Array): Revert | undefined {
  const signature = signatureOf(data);
  if (signature === undefined) return undefined;
  const [name, list] = signature.slice(0, -1).split("(") as [string, string];
  const types = list === "" ? [] : list.split(",");
  if (data.length !== 4 + 32 * types.length) return undefined;
  const values = types.map((type, i) => valueText(type, data.subarray(4 + 32 * i, 36 + 32 * i)));
  const text = REASONS[signature]!.replace(/\{([01])\}/g, (_, i: string) => values[Number(i)] ?? "");
  return { name, text };
}

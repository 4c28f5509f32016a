import { Argument, type Command } from "commander";
import { FAULT_NAMES, type FaultName } from "../../coordinator/evidence.ts";
import { verb } from "./verb.ts";

/** A verb that asks the coordinator's contracts. */
const asks = (parent: Command, name: string, description: string): Command =>
  verb(parent, name, description)
    .option("--rpc <url>", "JSON-RPC end point of the coordinator's chain (default: the configured ones)")
    .option("--deployment <file>", "deployment file of the coordinator (default: the configured addresses)");

const sending = (command: Command): Command =>
  command
    .option("--key-file <path>", "send from this account: a private key (0600, 64 hex digits) or a key store's folder")
    .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
    .option("--dry-run", "estimate, and send nothing")
    .option("-y, --yes", "do not ask before sending");

/** A verb that sends transactions. */
const sends = (parent: Command, name: string, description: string): Command => sending(asks(parent, name, description));

const ofSeals = (command: Command): Command =>
  command
    .option("--gateway <address>", "who sealed (default: this gateway)")
    .option("--seals <dir>", "a copy of that gateway's data/seals (default: this gateway's)");

function deployment(program: Command): void {
  const group = program.command("coordinator").description("the contracts of the coordinator");
  sending(verb(group, "deploy", "deploy the six contracts; writes a deployment file"))
    .requiredOption("--rpc <url>", "JSON-RPC end point of the chain")
    .option("--out <file>", "deployment file to write", "deployment.json")
    .option("--local", "a development chain (31337): a new account that the chain itself funds")
    .option("--epoch <duration>", "length of an epoch (7d)")
    .option("--sealing <duration>", "time to seal after it (12h)")
    .option("--dispute <duration>", "time to challenge after that (3d)")
    .option("--min-stake <eth>", "least stake with which a gateway seals (0.1)")
    .option("--min-bond <eth>", "least bond of a demand (0.001)")
    .option("--reserve <address>", "who gets the tokens that are not mined (default: the deployer)")
    .option("--ed25519 <address>", "verifier of Ed25519 signatures (default: none)")
    .action(async (options) => (await import("../commands/coordinator.ts")).coordinatorDeploy(options));
  asks(group, "show", "addresses, times, and the epoch now").action(async (options) =>
    (await import("../commands/coordinator.ts")).coordinatorShow(options),
  );
}

function stakes(program: Command): void {
  const group = program.command("gateway").description("a gateway's stake at the coordinator");
  sends(group, "stake", "add to the stake: without one, nothing is sealed and nothing paid")
    .argument("<eth>", "ether, for example 0.1")
    .action(async (amount: string, options) => (await import("../commands/gateway.ts")).gatewayStake(amount, options));
  sends(group, "exit", "leave: no commitment and no seal from now on").action(async (options) =>
    (await import("../commands/gateway.ts")).gatewayExit(options),
  );
  sends(group, "withdraw", "take the stake back, once the time after the exit is over").action(async (options) =>
    (await import("../commands/gateway.ts")).gatewayWithdraw(options),
  );
  sends(group, "collect", "take what the contracts owe the account: bonds of answers, rewards of challenges").action(
    async (options) => (await import("../commands/gateway.ts")).gatewayCollect(options),
  );
  asks(group, "status", "stake, commitments and demands, as the chain says")
    .argument("[address]", "a gateway (default: this one)")
    .action(async (address: string | undefined, options) =>
      (await import("../commands/gateway.ts")).gatewayStatus(address, options),
    );
}

function devices(program: Command): void {
  const group = program.command("device").description("a device's place in the Registry");
  const device = "a device's name at this gateway, or its whole id (64 hex digits)";
  sends(group, "register", "register a device that enrolled here (a running gateway does it by itself)")
    .argument("<device>", device)
    .option("--kind <n>", "kind of device, 0 to 15", "0")
    .option("--cap <n>", "most work an hour", "1000000")
    .option("--gateway <address>", "the gateway it enrolled for (default: this one)")
    .action(async (name: string, options) => (await import("../commands/device.ts")).deviceRegister(name, options));
  sends(group, "transfer", "offer a device to another account, which accepts it")
    .argument("<device>", device)
    .argument("[to]", "address of the other account")
    .option("--take-back", "take the offer back")
    .action(async (name: string, to: string | undefined, options) =>
      (await import("../commands/device.ts")).deviceTransfer(name, to, options),
    );
  sends(group, "accept", "take over a device that is offered to the account")
    .argument("<device>", device)
    .action(async (name: string, options) => (await import("../commands/device.ts")).deviceAccept(name, options));
  sends(group, "succeed", "put a new key in the place of an old one")
    .requiredOption("--rotation <file>", "the old key's word: JSON with key, attestation and body in base64url")
    .requiredOption("--enrolment <file>", "the new key's enrolment, in the same form")
    .option("--gateway <address>", "the gateway that both were signed for (default: this one)")
    .action(async (options) => (await import("../commands/device.ts")).deviceSucceed(options));
  sends(group, "retire", "take a device out of service")
    .argument("<device>", device)
    .option("--revocation <file>", "on its key's own word: JSON with key, attestation and body in base64url")
    .option("--gateway <address>", "the gateway that the revocation was signed for (default: this one)")
    .action(async (name: string, options) => (await import("../commands/device.ts")).deviceRetire(name, options));
  asks(group, "show", "owner, kind, cap and marks of a device")
    .argument("<device>", device)
    .action(async (name: string, options) => (await import("../commands/device.ts")).deviceShow(name, options));
}

function pay(program: Command): void {
  ofSeals(sends(program, "claim", "claim what is final for an owner; the owner is paid whoever sends it"))
    .option("--owner <address>", "whom to pay (default: the configured owner, else this gateway)")
    .option("--from <epoch>", "pass over earlier epochs")
    .action(async (options) => (await import("../commands/claim.ts")).claim(options));
  ofSeals(asks(program, "rewards", "why a device was paid what it was: each share, computed again and compared"))
    .option("--epoch <n>", "only this epoch")
    .option("--device <device>", "only this device")
    .action(async (options) => (await import("../commands/rewards.ts")).rewards(options));
}

function market(program: Command): void {
  const group = program.command("market").description("credits, receipts and certificates of proven energy");
  const certificate = "DEVICE:EPOCH, or the certificate's number";
  sends(group, "credits", "what a device may spend; with an amount, buys it more")
    .argument("<device>", "the paying device")
    .argument("[tokens]", "tokens to burn for it")
    .action(async (name: string, amount: string | undefined, options) =>
      (await import("../commands/market.ts")).marketCredits(name, amount, options),
    );
  sends(group, "settle", "pay a provider what a receipt says")
    .argument("<file>", "JSON with receipt (COSE_Sign1), body, provider and consumer (COSE_Key) in base64url")
    .option("--gateway <address>", "the gateway it was signed for (default: this one)")
    .action(async (file: string, options) => (await import("../commands/market.ts")).marketSettle(file, options));
  ofSeals(sends(group, "certificates", "what is certified, and what can be"))
    .option("--owner <address>", "whose devices (default: the configured owner, else this gateway)")
    .option("--issue", "mint what can be certified")
    .action(async (options) => (await import("../commands/market.ts")).marketCertificates(options));
  sends(group, "list", "offer certificates for sale")
    .argument("<certificate>", certificate)
    .argument("<amount>", "units: proven Wh")
    .argument("<price>", "tokens for one unit")
    .action(async (id: string, amount: string, price: string, options) =>
      (await import("../commands/market.ts")).marketList(id, amount, price, options),
    );
  asks(group, "listings", "what is for sale, newest first")
    .option("--limit <n>", "at most N", "50")
    .action(async (options) => (await import("../commands/market.ts")).marketListings(options));
  sends(group, "buy", "buy from a listing; approves just the cost")
    .argument("<listing>", "its number")
    .argument("<amount>", "units")
    .action(async (listing: string, amount: string, options) =>
      (await import("../commands/market.ts")).marketBuy(listing, amount, options),
    );
  sends(group, "cancel", "take back what is left of a listing")
    .argument("<listing>", "its number")
    .action(async (listing: string, options) => (await import("../commands/market.ts")).marketCancel(listing, options));
  sends(group, "retire", "burn certificates for good, in somebody's name")
    .argument("<certificate>", certificate)
    .argument("<amount>", "units")
    .requiredOption("--for <name>", "in whose name")
    .action(async (id: string, amount: string, options) =>
      (await import("../commands/market.ts")).marketRetire(id, amount, options),
    );
  asks(group, "balance", "tokens of an account")
    .argument("[account]", "address (default: this gateway)")
    .action(async (account: string | undefined, options) =>
      (await import("../commands/market.ts")).marketBalance(account, options),
    );
}

function challenges(program: Command): void {
  sends(program, "challenge", "prove a gateway's fault to the chain, or demand what it hides")
    .addArgument(new Argument("<fault>", "what is shown").choices(FAULT_NAMES))
    .option("--evidence <file>", "an evidence file (- for standard input)")
    .option("--proof <file...>", "exported proofs of readings: invalid, incoherent, demand, withheld")
    .option("--log <dir>", "a copy of the gateway's log folder, with --gateway and --index")
    .option("--index <n...>", "entries of that log")
    .option("--gateway <address>", "the accused")
    .option("--epoch <n>", "of the share that is demanded")
    .option("--kind <n>", "kind of device of its seal")
    .option("--point <n>", "a point of the seal's work, from 0")
    .option("--bond <eth>", "bond of a demand (default: the least and a quarter)")
    .option("--write <file>", "also keep the evidence in a file")
    .action(async (fault: FaultName, options) => (await import("../commands/challenge.ts")).challenge(fault, options));
}

/** `fieldseal coordinator|gateway|device|claim|rewards|market|challenge`. */
export function coordinatorVerbs(program: Command): void {
  deployment(program);
  stakes(program);
  devices(program);
  pay(program);
  market(program);
  challenges(program);
}

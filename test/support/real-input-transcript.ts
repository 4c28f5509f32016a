import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CliResult, cli } from "./cli.ts";
import { startTestCoordinator } from "./coordinator.ts";
import { MosquittoSub } from "./mosquitto.ts";
import { RealMeters } from "./real-site.ts";
import { Site } from "./site.ts";

// Prints the README's transcript of real input: what `test/system/path.test.ts` asserts, for people to read.
//   npm run transcript        needs socat, python3-pymodbus and mosquitto-clients

const show = (command: string, { stdout, stderr, code }: CliResult) =>
  console.log(`$ fieldseal ${command}\n${stdout}${stderr}[exit ${code}]\n`);

const coordinator = await startTestCoordinator({ blockTime: 1 });
const meters = await RealMeters.start();
const site = await Site.create({ coordinator });
await meters.addTo(site);
show("devices list", await site.cli(["devices", "list"]));
const gateway = site.run();
await gateway.nth("ready", 1);
const sub = new MosquittoSub(site.mqttPort, ["fieldseal/+"]);
console.log("$ mosquitto_sub -v -t 'fieldseal/+'");
for (const name of ["grid-meter", "house-meter"]) {
  console.log(`fieldseal/${name} ${await sub.next(`fieldseal/${name}`)}`);
}
const { block, size, gas } = await gateway.nth("commitment", 1);
console.log(`\ncommitted: ${size} entries in block ${block} of the local chain, ${gas} gas\n`);
const proof = join(site.dir, "proof.json");
show("verify grid-meter:1 --export proof.json", await site.cli(["verify", "grid-meter:1", "--export", proof]));
const empty = site.elsewhere("stranger");
const copy = join(empty, "proof.json");
const text = readFileSync(proof, "utf8");
writeFileSync(copy, text);
console.log("# on a machine that has only the proof, in an empty directory");
show("verify --proof proof.json", await cli(["verify", "--proof", copy], { cwd: empty }));
const at = text.indexOf('"bytes": "') + 60;
const other = text[at] === "A" ? "B" : "A";
writeFileSync(copy, text.slice(0, at) + other + text.slice(at + 1));
console.log("# one character of the reading altered");
show("verify --proof proof.json", await cli(["verify", "--proof", copy], { cwd: empty }));
await sub.end();
await gateway.stop();
await meters.end();
await coordinator.local.stop();
site.remove();

// Installs what is missing and, with --build, builds when a source is newer than the build.
// Plain JavaScript without dependencies: it runs before there are any.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`error FS-NODE  Node ${process.versions.node} is too old\n  fix: install Node 20.19 or newer`);
  process.exit(1);
}

function attempt(command, args) {
  return spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
}

function run(what, command, args) {
  console.error(`${what} …`);
  const done = attempt(command, args);
  if (done.status !== 0) {
    console.error(`${done.stdout ?? ""}${done.stderr ?? ""}`);
    console.error(
      `error FS-SETUP  "${command} ${args.join(" ")}" failed (${done.status ?? done.signal ?? done.error})`,
    );
    process.exit(1);
  }
}

/** The lockfile that node_modules was installed from, so that a changed lockfile installs again. */
const stamp = join(root, "node_modules", ".fieldseal-installed");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  // No dependency needs its install script: native parts ship prebuilt inside their packages.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  console.error("installing dependencies …");
  // npm ci insists on the optional packages of every platform; a registry that mirrors only some of them makes it refuse,
  // and a plain install of the same locked versions is what remains.
  if (attempt("npm", ["ci", ...flags]).status !== 0) {
    run("installing the locked versions", "npm", ["install", "--no-save", ...flags]);
  }
  writeFileSync(stamp, lock);
}

function newest(path) {
  if (statSync(path).isFile()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (process.argv.includes("--build")) {
  const sources = ["protocols", "firmware-bridge", "devices", "gateway", ".config", "package.json"].map((name) =>
    newest(join(root, name)),
  );
  const built = join(root, "dist", "config.schema.json");
  if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...sources))
    run("building", "npm", ["run", "build", "--silent"]);
}

#!/usr/bin/env node
// npm's solc answers --standard-json only; forge also asks --version. This answers both, offline.
import { readFileSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import solc from "solc";

function answer(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      // A pipe whose reader is slower than we are.
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

/**
 * forge names a library's file "../../../node_modules/…" where we import it and absolutely where the library does; to solc these
 * would be two files. Here both are absolute.
 */
function oneNameEach(text) {
  const input = JSON.parse(text);
  const base = process.argv.includes("--base-path") ? process.argv[process.argv.indexOf("--base-path") + 1] : ".";
  const absolute = (name) => (name.startsWith("../") ? resolve(base, name) : name);
  input.sources = Object.fromEntries(Object.entries(input.sources).map(([name, source]) => [absolute(name), source]));
  const { settings } = input;
  settings.remappings = settings.remappings?.map((line) => {
    const [prefix, target] = line.split("=");
    return target.startsWith("../") ? `${prefix}=${resolve(base, target)}/` : line;
  });
  return JSON.stringify(input);
}

if (process.argv.includes("--version")) {
  answer(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  answer(solc.compile(oneNameEach(readFileSync(0, "utf8"))));
}

#!/usr/bin/env node
// npm's solc answers --standard-json only; forge also asks --version. This answers both, offline.
import { readFileSync, writeSync } from "node:fs";
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

if (process.argv.includes("--version")) {
  answer(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  answer(solc.compile(readFileSync(0, "utf8")));
}

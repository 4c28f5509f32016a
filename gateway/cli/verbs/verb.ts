import type { Command } from "commander";
import { common } from "../context.ts";

/** Adds a verb, with the options that every verb has. Its action loads its code only when it is used. */
export const verb = (parent: Command, name: string, description: string): Command =>
  common(parent.command(name).description(description));

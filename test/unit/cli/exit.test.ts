import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../../gateway/cli/exit.ts";
import {
  CancelledError,
  EnvironmentError,
  ProtocolError,
  TimeoutError,
  UsageError,
} from "../../../protocols/bytes/index.ts";

describe("exit codes of the coordinator's commands", () => {
  it.each([
    [new EnvironmentError("FS-CHAIN-UNREACHABLE", "x"), 69],
    [new EnvironmentError("FS-CHAIN-STATUS", "x"), 69],
    [new EnvironmentError("FS-CHAIN-REVERT", "x"), 1],
    [new EnvironmentError("FS-CHAIN-FUNDS", "x"), 1],
    [new EnvironmentError("FS-CHAIN-ACCOUNT-BUSY", "x"), 1],
    [new EnvironmentError("FS-CHAIN-ID", "x"), 78],
    [new EnvironmentError("FS-CHAIN-NO-CONTRACT", "x"), 78],
    [new UsageError("FS-CONFIG-COORDINATOR", "x"), 78],
    [new ProtocolError("FS-DEPLOYMENT", "x"), 78],
    [new UsageError("FS-DEPLOY-EXISTS", "x"), 2],
    [new TimeoutError("FS-CHAIN-PENDING", "x"), 5],
    [new UsageError("FS-DEVICE-UNREGISTERED", "x"), 4],
    [new ProtocolError("FS-EVIDENCE", "x"), 1],
    [new CancelledError("FS-CANCELLED", "x"), 1],
  ])("%s ends with %i", (error, exit) => {
    expect(exitCodeOf(error)).toBe(exit);
  });
});

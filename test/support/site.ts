import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { fromAddressText, toAddressText } from "../../protocols/evm/index.ts";
import { type CliOptions, type CliResult, cli, cliJson, EventProcess } from "./cli.ts";
import type { TestCoordinator } from "./coordinator.ts";
import { freePort } from "./pymodbus.ts";

export interface SiteOptions {
  /** Where it commits; without it nowhere. */
  coordinator?: Pick<TestCoordinator, "local" | "deployment">;
  /** URL of an external broker; default: the embedded one on a free port. */
  broker?: string;
  /** Window of a batch. Default 2 s. */
  every?: string;
  confirmations?: number;
}

/** A gateway's folder as `fieldseal init` makes it, with what an operator changes for a short test. */
export class Site {
  readonly dir: string;
  readonly mqttPort: number;
  /** The gateway's account. */
  readonly address: string;
  readonly #owned: string;

  private constructor(owned: string, dir: string, mqttPort: number, address: string) {
    this.#owned = owned;
    this.dir = dir;
    this.mqttPort = mqttPort;
    this.address = address;
  }

  static async create({ coordinator, broker, every = "2s", confirmations = 1 }: SiteOptions = {}): Promise<Site> {
    const owned = mkdtempSync(join(tmpdir(), "fieldseal-site-"));
    const dir = join(owned, "gateway");
    const args = coordinator
      ? [
          ...["--coordinator-rpc", coordinator.local.url, "--chain", String(coordinator.deployment.chainId)],
          ...["--ledger", toAddressText(coordinator.deployment.ledger)],
          ...["--registry", toAddressText(coordinator.deployment.registry)],
        ]
      : [];
    const made = await cliJson<{ address: string }>(["init", "--dir", dir, "--name", "shed", ...args], { cwd: owned });
    if (coordinator) await fundLocal(coordinator.local.chain, fromAddressText(made.address));
    const port = await freePort();
    const site = new Site(owned, dir, port, made.address);
    site.edit((text) =>
      text
        .replace("listen: 127.0.0.1:1883", `listen: 127.0.0.1:${port}`)
        .replace("broker: embedded ", `broker: ${broker ?? "embedded"} `)
        .replace("every: 15m", `every: ${every}`)
        .replace(/^( {2}ledger: .*)$/m, `$1\n  confirmations: ${confirmations}`),
    );
    return site;
  }

  get config(): string {
    return join(this.dir, "config.yaml");
  }

  get data(): string {
    return join(this.dir, "data");
  }

  edit(change: (text: string) => string): void {
    writeFileSync(this.config, change(readFileSync(this.config, "utf8")));
  }

  /** Commands run in the gateway's folder, where they find `config.yaml` by themselves. */
  cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return cli(args, { cwd: this.dir, ...options });
  }

  json<T>(args: readonly string[]): Promise<T> {
    return cliJson<T>(args, { cwd: this.dir });
  }

  /** `fieldseal run` with its events. */
  run(): EventProcess {
    return new EventProcess(["run", "--events"], { cwd: this.dir });
  }

  /** An empty folder of a machine that knows nothing of the gateway. */
  elsewhere(name: string): string {
    const folder = join(this.#owned, name);
    mkdirSync(folder);
    return folder;
  }

  remove(): void {
    rmSync(this.#owned, { recursive: true, force: true });
  }
}

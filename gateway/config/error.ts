import { UsageError } from "../../protocols/bytes/index.ts";

/** One thing wrong in the configuration, at its place. */
export interface ConfigProblem {
  /** Dotted path of the value, `mqtt.base_topic`; empty for the file as a whole. */
  path: string;
  message: string;
  /** The device whose section is at fault, so that the others can run. */
  device?: string;
  /** 1-based, when the value stands in the file. */
  line?: number;
  column?: number;
}

/** `config.yaml:3:14 mqtt.basetopic: unknown key, did you mean base_topic?` */
export function describeProblem(file: string, problem: ConfigProblem): string {
  const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  return problem.path === "" ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

/** The configuration cannot be used; every problem found is listed, not only the first. */
export class ConfigError extends UsageError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super("FS-CONFIG", problems.map((problem) => describeProblem(file, problem)).join("\n"), {
      context: { file },
      fix: "fieldseal config check shows every problem; fieldseal config schema describes every key",
    });
    this.problems = problems;
  }
}

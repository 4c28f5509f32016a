import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SUNSPEC_MODELS, sunspecModel } from "../../../protocols/sunspec/index.ts";
import { MODELS_FILE, sunspecModelsText } from "../../support/sunspec-models.ts";
import { describeVectors } from "../../support/vectors.ts";

describeVectors("sunspec", "the shipped models", () => {
  it("are what the 112 published definitions say", () => {
    expect(SUNSPEC_MODELS).toHaveLength(112);
    expect(readFileSync(MODELS_FILE, "utf8")).toBe(sunspecModelsText());
  });
});

it("a model that nobody published is not known", () => {
  expect(sunspecModel(64_999)).toBeUndefined();
  expect(sunspecModel(103)?.group.points.find(({ name }) => name === "W")).toEqual({
    name: "W",
    type: "int16",
    size: 1,
    sf: "W_SF",
    units: "W",
  });
});

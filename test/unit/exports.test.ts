import { describe, expect, it } from "vitest";

/** What each subpath of the package exports at run time: a change here is a change of the public interface. */
describe("public names", () => {
  const entries = {
    "fieldseal/protocols": () => import("../../protocols/index.ts"),
    "fieldseal/firmware-bridge": () => import("../../firmware-bridge/index.ts"),
    "fieldseal/devices": () => import("../../devices/index.ts"),
    "fieldseal/gateway": () => import("../../gateway/index.ts"),
  };
  it.each(Object.entries(entries))("of %s", async (_name, load) => {
    expect(Object.keys(await load()).sort()).toMatchSnapshot();
  });
});

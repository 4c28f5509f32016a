export { profileJsonSchema, profileSchema, type WrittenProfile } from "./schema.ts";
export { WRITABLE_LINKS } from "./sections.ts";
export { fromWritten } from "./written.ts";

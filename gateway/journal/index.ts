export { type Disk, type DiskFile, isDiskFull } from "./disk.ts";
export { Journal } from "./journal.ts";
export { NodeDisk, type NodeDiskOptions } from "./node-disk.ts";
export type { Appended, JournalInput, JournalMetrics, JournalOptions, JournalState } from "./options.ts";
export type { Damage, JournalRecord, OnRecord, RecoveryReport } from "./report.ts";
export { type DiskFault, type DiskImage, type DiskOperation, SimulatedDisk } from "./simulated-disk.ts";

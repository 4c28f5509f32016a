import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const undo: (() => void)[] = [];

function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** Takes back every mount, loop device and directory that was made, newest first. */
export function unmountAll(): void {
  for (const step of undo.splice(0).reverse()) step();
}

export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "fs-m-"));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Mounts a file system in memory of `size` (`1m`); returns its directory. */
export function mountTmpfs(size: string): string {
  const path = scratchDirectory();
  must("mount", "-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", path);
  undo.push(() => must("umount", "--lazy", path));
  return path;
}

export interface LoopMount {
  directory: string;
  /** `loop0`, … */
  device: string;
}

/** Mounts an ext4 image on a loop device of its own; a fresh file system when `format`. */
export function mountImage(image: string, format: boolean): LoopMount {
  const device = must("losetup", "--find", "--show", image);
  undo.push(() => must("losetup", "--detach", device));
  // Everything is laid out at once: the kernel would otherwise do it in the background, where writes are counted.
  if (format) must("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", device);
  const directory = scratchDirectory();
  must("mount", device, directory);
  undo.push(() => must("umount", "--lazy", directory));
  return { directory, device: device.replace("/dev/", "") };
}

/** A file of `megabytes` for a file system, without its blocks yet. */
export function newImage(megabytes: number): string {
  const image = join(scratchDirectory(), "image");
  must("truncate", "-s", `${megabytes}M`, image);
  return image;
}

export function copyImage(image: string): string {
  const copy = join(scratchDirectory(), "image");
  must("cp", "--sparse=always", image, copy);
  return copy;
}

/** Whether this machine lends loop devices and lets us mount: containers often do not. */
export function canMountLoop(): boolean {
  try {
    mountImage(newImage(16), true);
    return true;
  } catch {
    return false;
  } finally {
    unmountAll();
  }
}

export function canMountTmpfs(): boolean {
  try {
    mountTmpfs("1m");
    return true;
  } catch {
    return false;
  } finally {
    unmountAll();
  }
}

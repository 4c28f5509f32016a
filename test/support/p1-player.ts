import { closeSync, constants, openSync, write } from "node:fs";

export interface P1Player {
  end(): Promise<void>;
}

/** Sends a telegram on a serial port once a second, as DSMR 5 meters do. */
export function playTelegram(path: string, telegram: Uint8Array, everyMs = 1_000): P1Player {
  const port = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  let writing: Promise<void> = Promise.resolve();
  const send = () => {
    writing = writing.then(
      () =>
        new Promise<void>((resolve) => {
          write(port, telegram, () => resolve());
        }),
    );
  };
  send();
  const timer = setInterval(send, everyMs);
  return {
    async end() {
      clearInterval(timer);
      await writing;
      closeSync(port);
    },
  };
}

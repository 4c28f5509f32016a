/** One websocket, as far as OCPP-J needs it: text messages, ping, and a brake. */
export interface OcppSocket {
  onText: ((text: string) => void) | undefined;
  onPong: (() => void) | undefined;
  /** Once, also after `terminate()`. */
  onClose: ((code: number) => void) | undefined;
  send(text: string): void;
  ping(): void;
  /** Takes nothing more off the network until `resume()`; what was received already may still come. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Two ends of a websocket in memory; `far` is the station's. Messages arrive at once. */
export function memorySockets(): { near: OcppSocket; far: OcppSocket; answersPing: boolean } {
  let open = true;
  const pair = { near: end(), far: end(), answersPing: true };
  const { near, far } = pair;
  function end(): OcppSocket {
    const none = () => undefined;
    return {
      onText: undefined,
      onPong: undefined,
      onClose: undefined,
      send: none,
      ping: none,
      pause: none,
      resume: none,
      close: none,
      terminate: none,
    };
  }
  function closed(code: number): void {
    if (!open) return;
    open = false;
    near.onClose?.(code);
    far.onClose?.(code);
  }
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.send = (text) => {
      if (open) other.onText?.(text);
    };
    one.ping = () => {
      if (open && (one === far || pair.answersPing)) one.onPong?.();
    };
    one.close = closed;
    one.terminate = () => closed(1006);
  }
  return pair;
}

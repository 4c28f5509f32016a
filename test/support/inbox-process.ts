import { Socket } from "node:net";
import { DurableInbox } from "../../gateway/broker/durable-channel.ts";

/** A gateway that only takes durable messages, on a channel handed over by its parent or, without one, on descriptor 3. */
const inbox = new DurableInbox({
  onPublish: async ({ payload }) => {
    process.send?.({ took: Buffer.from(payload).toString() });
  },
});
process.on("message", (message: { channel: boolean }, socket: unknown) => {
  inbox.attach(socket instanceof Socket ? socket : new Socket({ fd: 3, readable: true, writable: true }));
  process.send?.({ attached: message.channel });
});
process.on("disconnect", () => process.exit(0));

import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { mqttBroker } from "../../gateway/broker/mqtt-broker.ts";

/** A process that is online on a topic until it is killed: `node presence-client URL TOPIC`. Prints `online`. */
const [url = "", topic = ""] = process.argv.slice(2);
const broker = mqttBroker({
  url,
  clientId: "presence-client",
  clock: systemClock(),
  presence: { topic, online: "online", offline: "offline" },
});
await broker.start();
await broker.publish(`${topic}/ready`, "", { qos: 1 });
console.log("online");

export type {
  Broker,
  BrokerCounters,
  BrokerMessage,
  BrokerState,
  MessageHandler,
  PresenceTopic,
  PublishOptions,
  QoS,
  Subscription,
} from "./broker.ts";
export type { FromBroker, ToBroker } from "./broker-messages.ts";
export { type DurableHandler, DurableInbox, type DurableInboxOptions, type DurableMessage } from "./durable-channel.ts";
export type { BrokerLimits, EmbeddedBrokerOptions } from "./embedded-options.ts";
export { MemoryBrokerHub, memoryBroker } from "./memory-broker.ts";
export { type MqttBrokerOptions, mqttBroker, parseBrokerUrl } from "./mqtt-broker.ts";
export { assertDeviceName, matchesFilter } from "./topics.ts";
export { MqttTree, type MqttTreeOptions, type TreeDevice } from "./tree.ts";
export {
  bridgePresence,
  type CheckpointNotice,
  type DeviceReading,
  type JsonObject,
  type JsonValue,
  type LogLine,
} from "./tree-payloads.ts";
export { type BrokerUser, hashPassword } from "./users.ts";

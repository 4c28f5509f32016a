/** Commands of the Firmata protocol 2.x (firmata/protocol, protocol.md "Message Types" and feature-registry.md). */
export const Command = {
  digital: 0x90,
  reportAnalog: 0xc0,
  reportDigital: 0xd0,
  analog: 0xe0,
  sysexStart: 0xf0,
  pinMode: 0xf4,
  digitalPin: 0xf5,
  sysexEnd: 0xf7,
  version: 0xf9,
  reset: 0xff,
} as const;

/** Second byte of a sysex message. */
export const Sysex = {
  analogMappingQuery: 0x69,
  analogMapping: 0x6a,
  capabilityQuery: 0x6b,
  capabilities: 0x6c,
  pinStateQuery: 0x6d,
  pinState: 0x6e,
  text: 0x71,
  oneWire: 0x73,
  dht: 0x74,
  i2cRequest: 0x76,
  i2cReply: 0x77,
  i2cConfig: 0x78,
  firmware: 0x79,
  samplingInterval: 0x7a,
} as const;

/** Modes of a pin (protocol.md "Supported Modes"; 0x0f is ConfigurableFirmata's). */
export const PinMode = {
  input: 0x00,
  output: 0x01,
  analog: 0x02,
  i2c: 0x06,
  oneWire: 0x07,
  pullup: 0x0b,
  dht: 0x0f,
} as const;

/** Subcommands of one-wire messages, and the bits of its requests (onewire.md). */
export const OneWire = {
  search: 0x40,
  config: 0x41,
  searchReply: 0x42,
  readReply: 0x43,
  reset: 0x01,
  skip: 0x02,
  select: 0x04,
  read: 0x08,
  write: 0x20,
} as const;

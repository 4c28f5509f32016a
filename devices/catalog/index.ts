import type { Profile } from "../profile.ts";
import { Catalog, driverId } from "./catalog.ts";
import alfenEve from "./chargers/alfen-eve/profile.ts";
import ocppGeneric from "./chargers/generic/profile.ts";
import goE from "./chargers/go-e/profile.ts";
import kebaP30 from "./chargers/keba-p30/profile.ts";
import ocpp16 from "./chargers/ocpp-16/profile.ts";
import ocpp201 from "./chargers/ocpp-201/profile.ts";
import openevse from "./chargers/openevse/profile.ts";
import openevseWifi from "./chargers/openevse-wifi/profile.ts";
import smartevse from "./chargers/smartevse/profile.ts";
import fronius from "./inverters/fronius/profile.ts";
import goodweDt from "./inverters/goodwe-dt/profile.ts";
import goodweEt from "./inverters/goodwe-et/profile.ts";
import sma from "./inverters/sma/profile.ts";
import sunspecInverter from "./inverters/sunspec-inverter/profile.ts";
import sunspecStorage from "./inverters/sunspec-storage/profile.ts";
import victronGx from "./inverters/victron-gx/profile.ts";
import abbB23 from "./meters/abb-b23/profile.ts";
import aidonHan from "./meters/aidon-han/profile.ts";
import carloGavazziEm24 from "./meters/carlo-gavazzi-em24/profile.ts";
import carloGavazziEm111 from "./meters/carlo-gavazzi-em111/profile.ts";
import dsmrP1 from "./meters/dsmr-p1/profile.ts";
import eastronSdm72d from "./meters/eastron-sdm72d/profile.ts";
import eastronSdm120 from "./meters/eastron-sdm120/profile.ts";
import eastronSdm230 from "./meters/eastron-sdm230/profile.ts";
import eastronSdm630 from "./meters/eastron-sdm630/profile.ts";
import emonpiMqtt from "./meters/emonpi-mqtt/profile.ts";
import emucsP1 from "./meters/emucs-p1/profile.ts";
import esphomeMeter from "./meters/esphome-meter/profile.ts";
import froniusSmartMeter from "./meters/fronius-smart-meter/profile.ts";
import kaifaHan from "./meters/kaifa-han/profile.ts";
import kamstrupHan from "./meters/kamstrup-han/profile.ts";
import mbusHeatMeter from "./meters/mbus-heat-meter/profile.ts";
import openenergymonitorEmonpi from "./meters/openenergymonitor-emonpi/profile.ts";
import openenergymonitorEmontxCm from "./meters/openenergymonitor-emontx-cm/profile.ts";
import openenergymonitorEmontx3 from "./meters/openenergymonitor-emontx3/profile.ts";
import schneiderIem3155 from "./meters/schneider-iem3155/profile.ts";
import shelly3em from "./meters/shelly-3em/profile.ts";
import shellyEm from "./meters/shelly-em/profile.ts";
import shellyPro3em from "./meters/shelly-pro-3em/profile.ts";
import smlMeter from "./meters/sml-meter/profile.ts";
import sunspecMeter from "./meters/sunspec-meter/profile.ts";
import swedishP1 from "./meters/swedish-p1/profile.ts";
import tasmotaPlug from "./meters/tasmota-plug/profile.ts";
import victronGridMeter from "./meters/victron-grid-meter/profile.ts";
import zigbee2mqttPlug from "./meters/zigbee2mqtt-plug/profile.ts";
import nmeaGnss from "./positioning/nmea-gnss/profile.ts";
import bh1750 from "./sensors/bh1750/profile.ts";
import bme280 from "./sensors/bme280/profile.ts";
import dht22 from "./sensors/dht22/profile.ts";
import doorContact from "./sensors/door-contact/profile.ts";
import ds18b20 from "./sensors/ds18b20/profile.ts";
import esphomeClimate from "./sensors/esphome-climate/profile.ts";
import ina219 from "./sensors/ina219/profile.ts";
import ina260 from "./sensors/ina260/profile.ts";
import ruuviMqtt from "./sensors/ruuvi-mqtt/profile.ts";
import s0PulseMeter from "./sensors/s0-pulse-meter/profile.ts";
import soilMoisture from "./sensors/soil-moisture/profile.ts";
import obd2Distance from "./vehicles/obd2-distance/profile.ts";
import obd2Odometer from "./vehicles/obd2-odometer/profile.ts";

/** Every board model that ships by the folder it stands in, in the order lists show them: one line a model. */
const FOLDERS = {
  meters: [
    eastronSdm120,
    eastronSdm230,
    eastronSdm630,
    eastronSdm72d,
    carloGavazziEm24,
    carloGavazziEm111,
    abbB23,
    schneiderIem3155,
    victronGridMeter,
    dsmrP1,
    emucsP1,
    swedishP1,
    aidonHan,
    kaifaHan,
    kamstrupHan,
    smlMeter,
    mbusHeatMeter,
    openenergymonitorEmonpi,
    openenergymonitorEmontx3,
    openenergymonitorEmontxCm,
    tasmotaPlug,
    shellyEm,
    shelly3em,
    shellyPro3em,
    esphomeMeter,
    zigbee2mqttPlug,
    emonpiMqtt,
    sunspecMeter,
    froniusSmartMeter,
  ],
  inverters: [goodweEt, goodweDt, victronGx, sunspecInverter, fronius, sma, sunspecStorage],
  chargers: [ocppGeneric, ocpp16, ocpp201, openevse, openevseWifi, goE, smartevse, alfenEve, kebaP30],
  sensors: [
    ruuviMqtt,
    esphomeClimate,
    bme280,
    dht22,
    ds18b20,
    bh1750,
    ina219,
    ina260,
    soilMoisture,
    doorContact,
    s0PulseMeter,
  ],
  positioning: [nmeaGnss],
  vehicles: [obd2Odometer, obd2Distance],
} satisfies Record<string, readonly Profile[]>;

/** Every board model that ships. */
export const catalog: readonly Profile[] = Object.values(FOLDERS).flat();

/** Where a model that ships is described: `meters/eastron-sdm630`. Undefined for any other profile. */
export function folderOf(profile: Profile): string | undefined {
  const group = Object.entries(FOLDERS).find(([, profiles]) => profiles.includes(profile))?.[0];
  return group && `${group}/${profile.id}`;
}

/** The profiles that ship. */
export const builtIn = new Catalog(catalog);

export interface CatalogEntry {
  /** What stands behind `driver:` in the configuration: engine and profile. */
  id: string;
  vendor: string;
  model: string;
}

/** The device list. */
export const DRIVERS: readonly CatalogEntry[] = catalog.map((profile) => ({
  id: driverId(profile),
  vendor: profile.vendor,
  model: profile.model,
}));

/**
 * A profile that ships.
 * @throws UsageError FS-DEVICE-DRIVER.
 */
export const findDriver = (text: string): Profile => builtIn.find(text);

import { ByteReader, ByteWriter, ProtocolError } from "../bytes/index.ts";
import { type DlmsData, readDlmsData, writeDlmsData } from "./dlms.ts";
import { type DlmsTime, decodeDlmsTime, encodeDlmsTime } from "./dlms-time.ts";
import { type DlmsOpener, GENERAL_GLO_CIPHERING } from "./glo-ciphering.ts";

/** What a meter pushes (DataNotification, IEC 62056-5-3 §6.10). */
export interface DlmsNotification {
  invokeId: number;
  time?: DlmsTime;
  data: DlmsData;
}

const CODE = "FS-DLMS-NOTIFICATION";
const LLC_BYTES = 3;
/** glo-, ded- and general ciphering (IEC 62056-5-3 §7.3.13): the meter encrypts what it pushes. */
const CIPHERED = new Set([0xdb, 0xdc, 0xdd, 0xdf]);

/**
 * Reads the information of an HDLC frame:
 *
 *   E6 E7 00 0F 40 00 00 00 09 0C 07 E3 … 02 01 06 00 00 16 DC      Kaifa, list 1
 *   |        |  |           |  |          |
 *   |        |  |           |  |          one value of any type
 *   |        |  |           |  length of the date-time, 00 or 0C
 *   |        |  |           a type byte that some firmware puts before the length
 *   |        |  long-invoke-id-and-priority
 *   |        DataNotification
 *   LLC: destination, source, quality (IEC 62056-46 §5)
 *
 * @param opener deciphers what is ciphered; absent: the meter's keys are not known.
 * @throws ProtocolError FS-DLMS-NOTIFICATION, FS-DLMS-CIPHERED, FS-DLMS-DATA, FS-DLMS-TIME; those of `DlmsOpener.open`.
 */
export function decodeDlmsNotification(information: Uint8Array, opener?: DlmsOpener): DlmsNotification {
  const reader = new ByteReader(information, CODE);
  if (reader.u8() !== 0xe6 || reader.u8() !== 0xe7 || reader.u8() !== 0) {
    throw new ProtocolError(CODE, "the information does not begin with the LLC header E6 E7 00");
  }
  const apdu = information.subarray(LLC_BYTES);
  if (!CIPHERED.has(apdu[0] ?? 0)) {
    // Whoever has keys was told that the meter uses them: what comes without may be anybody's.
    if (opener) throw new ProtocolError("FS-DLMS-PLAIN", "a message that is not ciphered, of a meter that has keys");
    return decodeNotificationApdu(apdu);
  }
  if (apdu[0] === GENERAL_GLO_CIPHERING && opener) return opener.open(apdu, decodeNotificationApdu);
  throw new ProtocolError("FS-DLMS-CIPHERED", "the meter encrypts what it sends", {
    fix: "give encryption_key and authentication_key, or ask the grid operator for an unencrypted customer interface",
  });
}

function decodeNotificationApdu(apdu: Uint8Array): DlmsNotification {
  const reader = new ByteReader(apdu, CODE);
  const tag = reader.u8();
  if (tag !== 0x0f) throw new ProtocolError(CODE, `APDU ${tag} is no data notification`);
  const invokeId = reader.u32();
  let length = reader.u8();
  if (length === 9) length = reader.u8();
  if (length !== 0 && length !== 12) throw new ProtocolError(CODE, `a date-time of ${length} bytes`);
  const time = length === 12 ? decodeDlmsTime(reader.take(12)) : undefined;
  const data = readDlmsData(reader);
  reader.end();
  return time ? { invokeId, time, data } : { invokeId, data };
}

/** The information of the HDLC frame of a notification. @throws ProtocolError FS-DLMS-DATA. */
export function encodeDlmsNotification(notification: DlmsNotification): Uint8Array {
  const writer = new ByteWriter().u8(0xe6).u8(0xe7).u8(0).u8(0x0f).u32(notification.invokeId);
  if (notification.time) writer.u8(12).bytes(encodeDlmsTime(notification.time));
  else writer.u8(0);
  writeDlmsData(writer, notification.data);
  return writer.finish();
}

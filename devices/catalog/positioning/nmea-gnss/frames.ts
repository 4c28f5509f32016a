import type { RecordedFrame } from "../../../profile.ts";

/**
 * An epoch ends with the sentence that ended the one before: two are needed to read one.
 *
 *   $GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A
 *    |     |      | |          |           |     |     |      magnetic variation
 *    |     |      | 48°07.038' 11°31.000'  knots track date, ddmmyy
 *    |     12:35:19, valid
 *    talker and formatter
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "two epochs near Munich",
    source: "the position of the examples that circulate with every NMEA 0183 primer, in epochs of this file's own",
    answer: [
      "$GPRMC,123518,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6B",
      "$GPGGA,123518,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*46",
      "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
      "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
      "",
    ].join("\r\n"),
    expect: {
      latitude: "48.1173",
      longitude: "11.516666667",
      altitude: "545.4",
      speed: "11.5236",
      course: "84.4",
      satellites: "8",
      hdop: "0.9",
      fix_mode: "3",
      fix_quality: "1",
    },
  },
];

import { readVector } from "./vectors.ts";

export interface OcmfVector {
  file: string;
  index: number;
  record: Uint8Array;
  key: string;
}

/** Every record of the published XML containers, with the key printed beside it; white space around both is the container's. */
export function ocmfVectors(): OcmfVector[] {
  const files = [
    "20211007-device-with-evt-ocmf-sss-ses",
    "VW_OCMF_load",
    "keba_test",
    "ocmf_tariff_1",
    "test_ocmf_ebee_01",
    "test_ocmf_ebee_02",
    "test_ocmf_keba_kcp30",
    "test_ocmf_keba_kcp30_fail",
  ];
  return files.flatMap((file) => {
    const text = readVector(`ocmf/xml/${file}.xml`).toString("utf8");
    const pairs = text.matchAll(/<signedData[^>]*>([^<]*)<\/signedData>\s*<publicKey[^>]*>([^<]*)<\/publicKey>/g);
    return [...pairs].map(([, record = "", key = ""], index) => ({
      file,
      index,
      record: new TextEncoder().encode(record.trim()),
      key: key.trim(),
    }));
  });
}

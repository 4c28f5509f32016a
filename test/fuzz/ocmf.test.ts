import { expect, it } from "vitest";
import { fromUtf8, utf8 } from "../../protocols/bytes/index.ts";
import { decodeOcmf, decodeOcmfKey, ocmfSession, verifyOcmf } from "../../protocols/ocmf/index.ts";
import { fuzzCount, fuzzDecoder } from "../support/mutate.ts";

const RECORD = utf8(
  `OCMF|{"FV":"1.0","GI":"G","GS":"1","PG":"T32","MS":"7","IS":false,"IF":["RFID_NONE"],"IT":"NONE","ID":"","TT":"a\\u00e9|b",` +
    `"RD":[{"TM":"2019-08-13T10:03:15,000+0000 I","TX":"B","EF":"","ST":"G","RV":0.2596,"RI":"1-b:1.8.0","RU":"kWh"},` +
    `{"TM":"2019-08-13T10:03:36,000+0000 R","TX":"E","RV":25.97e-2}]}|{"SA":"ECDSA-secp256r1-SHA256","SD":` +
    `"304502200E2F107C987A300AC1695CA89EA149A8CDFA16188AF0A33EE64B67964AA943F9022100889A72B6D65364BEA8562E7F6A0253157ACFF84FE4929A93B5964D23C4265699"}`,
);
const SPKI =
  "3059301306072A8648CE3D020106082A8648CE3D030107034200043AEEB45C392357820A58FDFB0857BD77ADA31585C61C430531DFA53B440AFBFDD95AC887C658EA55260F808F55CA948DF235C2108A0D6DC7D4AB1A5E1A7955BE";
const KEY = decodeOcmfKey(SPKI);

it("record: mutated bytes end in a ProtocolError, quickly", () => {
  const decode = (bytes: Uint8Array) => ocmfSession([decodeOcmf(bytes)]);
  expect(fuzzDecoder({ name: "ocmf", corpus: [RECORD], decode }).accepted).toBeGreaterThan(0);
});

it("signature: no mutated record of another payload verifies, and none throws", () => {
  const decode = (bytes: Uint8Array) => {
    const record = decodeOcmf(bytes);
    if (verifyOcmf(record, KEY).valid) throw new Error("verified");
  };
  fuzzDecoder({ name: "ocmf signature", corpus: [RECORD], decode, count: Math.ceil(fuzzCount() / 50) });
});

it("key: mutated text and bytes end in a ProtocolError", () => {
  const corpus = [utf8(SPKI), utf8("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQc="), KEY.point];
  const decode = (bytes: Uint8Array) => {
    const text = fromUtf8(bytes);
    decodeOcmfKey(text !== undefined && text.length > 70 ? text : bytes, "secp256r1");
  };
  fuzzDecoder({ name: "ocmf key", corpus: [corpus[0]!, corpus[2]!], decode, count: Math.ceil(fuzzCount() / 20) });
});

export {
  type Checkpoint,
  checkpointText,
  decodeCheckpoint,
  encodeCheckpoint,
  type SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";
export { type Cosignature, cosign, verifyCosignatures } from "./cosignature.ts";
export { Frontier, type NodeSink } from "./frontier.ts";
export {
  emptyRoot,
  HASH_SIZE,
  hashLevel,
  leafHash,
  leafHashes,
  nodeHash,
  rootOfLeafHashes,
  treeHash,
} from "./merkle-hash.ts";
export { MerkleTree } from "./merkle-tree.ts";
export { decodeNote, encodeNote, isKeyName, MAX_NOTE_LENGTH, type Note, type NoteSignature } from "./note.ts";
export {
  addNoteSignature,
  decodeVkey,
  encodeVkey,
  type NoteKey,
  NoteKeyType,
  noteKey,
  type SignFunction,
  signaturesOf,
  signNote,
  type VerifyFunction,
  verifyNote,
} from "./note-key.ts";
export {
  type Consistency,
  consistencyNodes,
  consistencyProof,
  type HashReader,
  type Inclusion,
  inclusionNodes,
  inclusionProof,
  MAX_SIZE,
  type Node,
  rootNodes,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "./proofs.ts";
export {
  decodeEntryBundle,
  encodeEntryBundle,
  MAX_ENTRY_LENGTH,
  parseTileIndexPath,
  parseTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  type Tile,
  tileHashReader,
  tileIndexPath,
  tileOfNode,
  tilePath,
  tileWidth,
} from "./tiles.ts";
export {
  decodeTlogProof,
  encodeTlogProof,
  type TlogProof,
  type TlogProofTrust,
  verifyTlogProof,
} from "./tlog-proof.ts";

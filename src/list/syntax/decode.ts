import type { OciSaveError } from '../../errors.ts';
import { refusal } from '../problems.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * The text of a list: UTF-8 with or without a byte order mark, or UTF-16 with one, as Windows PowerShell's `>`
 * writes it. All line ends become `\n`.
 * @throws OciSaveError `list` with the offset of the first byte that is not text
 */
export function decodeList(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  const nul = encoding === 'utf-8' ? bytes.indexOf(0) : -1;
  if (nul >= 0) throw binary(nul);
  const text = decoded(bytes, encoding);
  if (text === undefined) throw undecodable(bytes, encoding);
  const nulCharacter = text.indexOf('\0');
  if (nulCharacter >= 0) throw binary(2 + nulCharacter * 2);
  return text.replace(/\r\n?/g, '\n');
}

function encodingOf([first, second]: Uint8Array): Encoding {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}

function decoded(bytes: Uint8Array, encoding: Encoding, stream = false): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function binary(offset: number): OciSaveError {
  const hint = 'If it is text in UTF-16, save it as UTF-8.';
  return refusal(`the byte at offset ${offset} is NUL: this is a binary file`, hint);
}

function undecodable(bytes: Uint8Array, encoding: Encoding): OciSaveError {
  const offset = firstBadByte(bytes, encoding);
  const value = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
  const name = encoding === 'utf-8' ? 'UTF-8' : 'UTF-16';
  return refusal(`the byte 0x${value} at offset ${offset} is not ${name}`, 'Save the list as UTF-8.');
}

/** By bisection: a decoder reports that it failed, but not where. */
function firstBadByte(bytes: Uint8Array, encoding: Encoding): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (decoded(bytes.subarray(0, middle), encoding, true) === undefined) bad = middle;
    else good = middle;
  }
  // A decoder notices an incomplete character at the byte after it; an editor shows its first byte.
  let start = Math.min(good, bytes.length - 1);
  while (start > 0 && decoded(bytes.subarray(0, start), encoding) === undefined) start -= 1;
  return start;
}

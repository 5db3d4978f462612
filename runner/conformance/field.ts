/**
 * A field of a driver's line (client/conformance/README.md): bytes, those that would not survive a
 * line of words written as `%XX`. The empty field is `-`, and `-` itself is `%2D`.
 */
export function encodeField(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (bytes.length === 0) return '-';
  const text = Array.from(bytes, (byte) => (isPlain(byte) ? String.fromCharCode(byte) : hex(byte)));
  return text.length === 1 && text[0] === '-' ? '%2D' : text.join('');
}

/** The bytes of a field; undefined if it is none. */
export function decodeField(field: string): Buffer | undefined {
  if (field === '-') return Buffer.alloc(0);
  if (!/^(?:[!-$&-~]|%[0-9A-Fa-f]{2})+$/.test(field)) return undefined;
  const latin1 = field.replace(/%(..)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(latin1, 'latin1');
}

function isPlain(byte: number): boolean {
  return /[A-Za-z0-9/._-]/.test(String.fromCharCode(byte));
}

function hex(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

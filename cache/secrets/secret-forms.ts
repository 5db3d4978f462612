/**
 * Bytes a value must have to be looked for. A shorter one (`admin`, `test`, `1`) stands in ordinary
 * output by chance, and can be found by trying out anyway.
 */
const SHORTEST_SECRET = 8;

/**
 * The byte strings by which a value shows itself in output: as it is, with the line ends of a
 * terminal, in a JSON or JavaScript string, percent-encoded, and in Base64 of either alphabet
 * wherever it begins in what was encoded. None for a value that is too short.
 */
export function secretForms(value: string): readonly Buffer[] {
  const text = value.trim();
  const raw = Buffer.from(text);
  if (raw.length < SHORTEST_SECRET) return [];
  const forms = [
    text,
    text.replaceAll(/\r?\n/g, '\r\n'),
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(wellFormed(text)),
    encodeURIComponent(wellFormed(text)).replaceAll('%20', '+'),
    ...[0, 1, 2].flatMap((offset) => {
      const base64 = base64At(raw, offset);
      return [base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ];
  return [...new Set(forms)].map((form) => Buffer.from(form));
}

/** What is the same in the Base64 of everything in which the bytes begin at 3n + offset. */
function base64At(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  return encoded.slice(first, end);
}

/** encodeURIComponent throws for half a surrogate pair. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}

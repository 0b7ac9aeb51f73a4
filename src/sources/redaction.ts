const REDACTED = Buffer.from('REDACTED');

/** Replaces every secret in a reply, also where it stands percent-encoded as in an echoed address. */
export function redact(body: Buffer, secrets: readonly string[]): Buffer {
  let clean = body;
  for (const secret of new Set(secrets.flatMap((text) => [text, encodeURIComponent(text)]))) {
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = clean.indexOf(secret); at >= 0; at = clean.indexOf(secret, from)) {
      parts.push(clean.subarray(from, at), REDACTED);
      from = at + Buffer.byteLength(secret);
    }
    if (parts.length > 0) clean = Buffer.concat([...parts, clean.subarray(from)]);
  }
  return clean;
}

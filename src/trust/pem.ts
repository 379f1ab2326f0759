const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,100000}-----END CERTIFICATE-----/g;

/** The certificates of a file in PEM, one by one; what is between them, such as a key or a remark, is left out. */
export function certificatesIn(pem: string): string[] {
  return [...pem.matchAll(CERTIFICATE)].map(([block]) => block.replaceAll('\r\n', '\n'));
}

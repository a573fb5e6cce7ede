/** Rows as comma-separated values (RFC 4180); a record ends with CRLF. */

/** One record, without its end. Objects are written as JSON, null as nothing. */
export function csvRecord(cells: readonly unknown[]): string {
  return cells.map(field).join(',');
}

function field(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

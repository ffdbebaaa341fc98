// Views by the hash of the address: every one can be linked to, whatever characters an id has.

/** "#/routes/a%2Fb?x=1" as parts and query; a broken escape is taken as it stands. */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { parts: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a view. */
export function link(parts, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value);
  const text = wanted.length > 0 ? `?${new URLSearchParams(wanted)}` : '';
  return `#/${parts.map(encodeURIComponent).join('/')}${text}`;
}

// Requests to the API. The token is kept in this tab only, and the operator is asked for it when the host requires one.

import { askToken } from './token.js';

const key = 'proxy.token';

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(more) {
  const token = sessionStorage.getItem(key);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

/** Sends a request with the token, and asks the operator for the token until the host accepts it. */
export async function request(path, options = {}) {
  for (;;) {
    const used = sessionStorage.getItem(key);
    const response = await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options, headers: headers(options.headers ?? {}) });
    // Without this header the host requires a client certificate, which only the browser itself can send.
    if (response.status !== 401 || !response.headers.get('WWW-Authenticate')?.startsWith('Bearer')) {
      return response;
    }

    if (used === sessionStorage.getItem(key)) {
      sessionStorage.removeItem(key);
      sessionStorage.setItem(key, await askToken(Boolean(used)));
    }
  }
}

async function reasonOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.trim() || `The host answered ${response.status}.`;
  }
}

async function answer(path, options) {
  const response = await request(path, options).catch((error) => {
    throw new ApiError(0, error instanceof TypeError ? 'The host does not answer.' : 'The host did not answer in time.');
  });
  if (!response.ok) {
    throw new ApiError(response.status, await reasonOf(response));
  }

  return response.status === 204 ? null : response.json();
}

/** A path of the API. Each part is percent-encoded, so that an id may contain any character. */
export const path = (...parts) => `api/${parts.map(encodeURIComponent).join('/')}`;

export const get = (where, signal) => answer(where, { signal: signal ?? AbortSignal.timeout(15000) });

export const send = (method, where, body) =>
  answer(where, {
    method,
    signal: AbortSignal.timeout(30000),
    ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }),
  });

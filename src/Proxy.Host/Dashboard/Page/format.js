// Formats numbers, durations and times, in short texts of similar width.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export const count = (value) => (value === null || value === undefined ? '–' : whole.format(value));

export function bytes(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return '–';
  }

  let unit = 0;
  let left = Math.max(0, value);
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }

  return `${unit === 0 || left >= 99.5 ? Math.round(left) : left.toFixed(left >= 9.95 ? 1 : 2)} ${units[unit]}`;
}

export const bytesRate = (value) => (value === null || value === undefined ? '–' : `${bytes(value)}/s`);

export function perSecond(value) {
  if (value === null || value === undefined) {
    return '–';
  }

  return value === 0 ? '0' : value < 9.95 ? value.toFixed(1) : whole.format(value);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) {
    return '–';
  }

  if (seconds < 0.0005) {
    return '0 s';
  }

  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }

  if (seconds < 59.95) {
    return `${seconds.toFixed(seconds < 10 && !Number.isInteger(seconds) ? 1 : 0)} s`;
  }

  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86400)];
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : hours < 24
      ? `${hours} h ${minutes % 60} min`
      : `${days} d ${hours % 24} h`;
}

/** A version with the commit id shortened to nine digits. */
export const version = (text) => text.replace(/(\+[0-9a-f]{9})[0-9a-f]{6,}/, '$1');

const pad = (value) => String(value).padStart(2, '0');

/** The time of day, with the date if it is not today. */
export function time(iso) {
  if (!iso) {
    return '–';
  }

  const at = new Date(iso);
  const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return at.toDateString() === new Date().toDateString()
    ? clock
    : `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock}`;
}

/** "1 member", "2 members". */
export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? '' : 's'}`;

export function share(part, all) {
  if (all <= 0) {
    return '–';
  }

  const percent = (100 * part) / all;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent > 0 && percent < 9.95 ? 1 : 0)} %`;
};

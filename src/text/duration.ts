/** A duration for people, from seconds: `0.4 s`, `5 s`, `12 s`, `3 min 05 s`, `2 h 04 min`, `1 d 03 h`. */
export function formatSeconds(seconds: number): string {
  if (!(seconds > 0)) return '0 s';
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${padded(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${padded(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${padded(hours % 24)} h`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

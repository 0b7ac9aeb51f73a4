const MINUTE_MS = 60_000;

/** A collector that is away would otherwise fill the log. */
export function onceAMinute(tell: (message: string) => void): (message: string) => void {
  let told = -MINUTE_MS;
  return (message) => {
    const now = performance.now();
    if (now - told < MINUTE_MS) return;
    told = now;
    tell(message);
  };
}

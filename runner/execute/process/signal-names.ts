import { constants } from 'node:os';

const nameByNumber = new Map<number, string>();
for (const [name, number] of Object.entries(constants.signals)) {
  // The first name wins: SIGABRT before its synonym SIGIOT, SIGIO before SIGPOLL.
  if (!nameByNumber.has(number)) nameByNumber.set(number, name);
}

/**
 * Name of signal `number`, such as `SIGTERM`. Signals the platform has no name for (the real-time
 * ones) are called `SIG34` and so on; {@link signalNumber} understands both.
 */
export function signalName(number: number): NodeJS.Signals {
  return (nameByNumber.get(number) ?? `SIG${String(number)}`) as NodeJS.Signals;
}

/** The inverse of {@link signalName}: what a shell adds to 128 for its exit code. */
export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name] ?? Number(name.slice('SIG'.length));
}

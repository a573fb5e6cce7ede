/**
 * Every failure that isochron foresees is a type of its own: the text is
 * fact, value, remedy on one line; `data` carries the values.
 */
export class IsochronError extends Error {
  /** Exit code of the command line when this error ends a command. */
  readonly exitCode: number = 1;
  /** The values that the text is made of, by name. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.name = new.target.name;
    this.data = data;
  }
}

/** A computation graph that cannot be built: unknown op, cycle, bad attrs. */
export class GraphError extends IsochronError {}

/** Shapes that do not fit: names the vertex, the op and the shapes. */
export class ShapeError extends IsochronError {}

/** A value that is NaN or infinite where a finite number is needed. */
export class NonFiniteError extends IsochronError {}

/** A delay or tick that is not a whole number of ticks >= 0. */
export class DelayError extends IsochronError {}

/** A rule, backend, mode or option that cannot do what was asked. */
export class OptionError extends IsochronError {
  /** Exit code 2: the command was used wrongly. */
  override readonly exitCode: number = 2;
}

/** A file or stream that is not what its format says. */
export class FormatError extends IsochronError {}

/** Data that cannot be had or does not match its checksum. */
export class DataError extends IsochronError {}

/** A file or folder that cannot be read or written. */
export class FileError extends IsochronError {}

/** No usable WebGPU adapter. */
export class DeviceMissingError extends IsochronError {
  /** Exit code 3: there is no device. */
  override readonly exitCode: number = 3;
}

/** The device failed while working: its results are not to be trusted. */
export class DeviceFailedError extends IsochronError {}

/** The sentence of an unknown error, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim() || 'unknown error';
}

/** A value as it may stand in a sentence, whatever it is. */
export function show(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string'
    ? JSON.stringify(value)
    : String(value);
}

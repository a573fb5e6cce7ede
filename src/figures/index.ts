/** `isochron/figures`: pictures as SVG. */

export { barsPicture } from './bars.ts';
export { circuitPicture } from './circuit-drawing.ts';
export { rasterPicture } from './raster.ts';
export { spaceTimePicture } from './space-time.ts';
export { ratePicture, tracesPicture } from './traces.ts';

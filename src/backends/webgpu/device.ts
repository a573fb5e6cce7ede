/**
 * Opens a WebGPU device: Dawn (npm `webgpu`) in Node, `navigator.gpu` in a
 * page. The only file that loads `webgpu`.
 */
import {
  DeviceFailedError,
  DeviceMissingError,
  messageOf,
  OptionError,
} from '../../base/errors.ts';
import { computes } from './dispatch.ts';

/** Which drivers may be used: `auto` is the system's, else SwiftShader. */
export type AdapterChoice = 'auto' | 'system' | 'swiftshader';

export interface OpenGpuOptions {
  /** Default: the variable ISOCHRON_ADAPTER, else `auto`. Node only. */
  readonly adapter?: AdapterChoice;
  /** Dawn's own flags, for example `backend=vulkan`. Node only. */
  readonly dawnFlags?: readonly string[];
}

export interface GpuInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** What Dawn stands on; a page does not tell. */
  readonly backend: 'vulkan' | 'metal' | 'd3d12' | 'browser' | (string & {});
  /** Whether the CPU does the work: lavapipe, SwiftShader, WARP. */
  readonly isSoftware: boolean;
  readonly driverSource: 'system' | 'bundled SwiftShader';
}

/** Limits that are asked for at the adapter's own value. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxBindGroups',
  'maxDynamicStorageBuffersPerPipelineLayout',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;

const FEATURES = ['subgroups', 'shader-f16', 'timestamp-query'] as const;

export type GpuLimits = Readonly<Record<(typeof LIMITS)[number], number>>;
export type GpuFeature = (typeof FEATURES)[number];

/** An open device that has shown that it computes. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly info: GpuInfo;
  readonly limits: GpuLimits;
  readonly features: ReadonlySet<GpuFeature>;
  /** Sizes that a subgroup may have; null where there are no subgroups. */
  readonly subgroup: { readonly min: number; readonly max: number } | null;
  /**
   * Throws a `DeviceFailedError` with the first error that nobody caught, or
   * the device's loss. Await the queue or a mapping first, then check: no
   * result may be used before.
   */
  check(): void;
  /** Closes the device, waiting for work in flight. A second call is fine. */
  destroy(): void;
}

type Source = 'system' | 'swiftshader';

/**
 * Flags by source. SwiftShader writes code for each word of workgroup memory
 * that it is to zero, 1.6 s for 8 KiB; so the kernels zero it in a loop.
 */
const FLAGS: Record<Source, readonly string[]> = {
  system: [],
  swiftshader: [
    'disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
  ],
};

/** Dawn crashes when a GPU object is collected while its device lives. */
const hosts = new Map<string, GPU>();

/** Devices to close when the process ends. */
const open = new Set<Gpu>();

/** Opening changes the environment for a moment, so one at a time. */
let lastOpening: Promise<unknown> = Promise.resolve();

/**
 * Opens a device, runs a small kernel on it and checks what comes back.
 * Throws `DeviceMissingError` when no adapter passes.
 */
export function openGpu(options: OpenGpuOptions = {}): Promise<Gpu> {
  const opening = lastOpening.then(() => openNext(options));
  lastOpening = opening.catch(() => undefined);
  return opening;
}

const inNode = typeof process === 'object' && !!process.versions?.node;

async function openNext(options: OpenGpuOptions): Promise<Gpu> {
  const sources = sourcesOf(options);
  const flags = options.dawnFlags ?? [];
  const tried: string[] = [];
  for (const source of sources) {
    try {
      return await openFrom(source, flags);
    } catch (error) {
      const label = inNode
        ? { system: "the system's drivers", swiftshader: 'SwiftShader' }[source]
        : 'this browser';
      tried.push(`${label}: ${messageOf(error)}`);
    }
  }
  throw new DeviceMissingError(
    `No usable WebGPU adapter (${tried.join('; ')}): ${remedy()}`,
    { tried },
  );
}

function sourcesOf(options: OpenGpuOptions): Source[] {
  if (!inNode) return ['system'];
  const choice = options.adapter ?? process.env['ISOCHRON_ADAPTER'] ?? '';
  if (choice === 'system' || choice === 'swiftshader') return [choice];
  if (choice === 'auto' || choice === '') return ['system', 'swiftshader'];
  throw new OptionError(
    `Adapter "${choice}" is unknown: pass auto, system or swiftshader`,
    { adapter: choice },
  );
}

function remedy(): string {
  if (!inNode) return 'use a browser with WebGPU turned on, or the cpu backend';
  const cpu = 'or pass --backend cpu';
  if (process.platform !== 'linux') return `update the GPU's driver, ${cpu}`;
  return (
    'install a Vulkan driver (Debian 12: mesa-vulkan-drivers from ' +
    'bookworm-backports; Ubuntu 24.04 or later, Fedora: ' +
    'mesa-vulkan-drivers), or npm i -D @sparticuz/chromium@147.0.0, ' +
    cpu
  );
}

async function openFrom(
  source: Source,
  flags: readonly string[],
): Promise<Gpu> {
  const adapter = await adapterFrom(source, flags);
  const limits = Object.fromEntries(
    LIMITS.map((name) => [name, adapter.limits[name]]),
  ) as GpuLimits;
  const features = FEATURES.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: { ...limits },
  });
  const info = infoOf(adapter, source, flags);
  const { subgroupMinSize: min, subgroupMaxSize: max } = adapter.info;
  const gpu: Gpu = {
    device,
    info,
    limits,
    features: new Set(features),
    subgroup:
      features.includes('subgroups') && min && max ? { min, max } : null,
    ...watched(device, () => open.delete(gpu)),
  };
  closeAtExit(gpu);
  try {
    // Dawn's null backend, for one, takes every call and computes nothing.
    const works = await computes(device);
    gpu.check();
    if (!works) throw new Error('the adapter computes nothing, or wrongly');
  } catch (error) {
    gpu.destroy();
    throw error;
  }
  return gpu;
}

async function adapterFrom(
  source: Source,
  flags: readonly string[],
): Promise<GPUAdapter> {
  if (!inNode) {
    const page = globalThis as { navigator?: { gpu?: GPU } };
    const gpu = page.navigator?.gpu;
    if (!gpu) throw new Error('no navigator.gpu');
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error('no adapter');
    return adapter;
  }
  const before = process.env['VK_DRIVER_FILES'];
  const key = [source, ...flags].join(' ');
  try {
    let host = hosts.get(key);
    if (!host) {
      if (source === 'swiftshader') {
        const { bringSoftwareDriver } = await import('./driver.ts');
        const driver = await bringSoftwareDriver();
        if (!driver.ok) throw new Error(driver.reason);
      }
      host = (await loadDawn()).create([...FLAGS[source], ...flags]);
    }
    // Drivers are looked up at a host's first request, and kept by it.
    const adapter = await host.requestAdapter({
      powerPreference: 'high-performance',
    });
    if (!adapter) throw new Error(`no adapter${driverVariable()}`);
    hosts.set(key, host);
    return adapter;
  } finally {
    // Later requests for the system's drivers, and child processes, must not
    // find SwiftShader in their place.
    if (before === undefined) delete process.env['VK_DRIVER_FILES'];
    else process.env['VK_DRIVER_FILES'] = before;
  }
}

/** Says that the user's own variable decides which drivers are seen. */
function driverVariable(): string {
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) {
    const value = process.env[name];
    if (value) return ` with ${name}=${value}`;
  }
  return '';
}

async function loadDawn(): Promise<{ create(flags: string[]): GPU }> {
  // Not a literal, lest a page's bundler carries a native addon.
  const name = 'webgpu';
  return await import(/* @vite-ignore */ name);
}

function infoOf(
  adapter: GPUAdapter,
  source: Source,
  flags: readonly string[],
): GpuInfo {
  const { vendor, architecture, device, description } = adapter.info;
  const names = `${architecture} ${device} ${description}`;
  const asked = flags.find((flag) => flag.startsWith('backend='));
  const usual: Record<string, string> = { darwin: 'metal', win32: 'd3d12' };
  return {
    vendor,
    architecture,
    device,
    description,
    backend: inNode
      ? (asked?.slice('backend='.length) ?? usual[process.platform] ?? 'vulkan')
      : 'browser',
    isSoftware:
      adapter.info.isFallbackAdapter === true ||
      /llvmpipe|lavapipe|swiftshader|basic render|warp/i.test(names),
    driverSource: source === 'system' ? 'system' : 'bundled SwiftShader',
  };
}

/** Listens for errors, which Dawn alone would only print. */
function watched(
  device: GPUDevice,
  onClose: () => void,
): Pick<Gpu, 'check' | 'destroy'> {
  let failure: string | null = null;
  let closed = false;
  device.addEventListener('uncapturederror', (event) => {
    // `check` reports it: no second report on stderr.
    event.preventDefault();
    failure ??= messageOf(event.error.message);
  });
  device.lost.then((loss) => {
    if (!closed) {
      failure ??= messageOf(`device lost, ${loss.message || loss.reason}`);
    }
  });
  return {
    check() {
      if (failure === null && !closed) return;
      const fact = failure ?? 'it is closed';
      throw new DeviceFailedError(
        `The device failed (${fact}): its results are not to be trusted, ` +
          'open it again or use the cpu backend',
        { reason: fact },
      );
    },
    destroy() {
      if (closed) return;
      closed = true;
      onClose();
      device.destroy();
    },
  };
}

/**
 * `process.exit` with work in flight tears the driver down under its own
 * threads (measured on SwiftShader: SIGSEGV in 6 of 300 runs, with this hook
 * in none). Closing the device first waits for them.
 */
function closeAtExit(gpu: Gpu): void {
  if (inNode && !hookedExit) {
    hookedExit = true;
    process.on('exit', () => {
      for (const each of open) each.destroy();
    });
  }
  open.add(gpu);
}
let hookedExit = false;

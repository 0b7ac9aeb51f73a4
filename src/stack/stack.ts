import type { Config } from '../config/config.ts';
import type { Home } from '../lake/home.ts';
import { Guard } from './guard-link.ts';
import { lockHome, type HomeLock } from './home-lock.ts';
import { endLeftovers, markOf } from './leftovers.ts';
import { LogFile } from './log-file.ts';
import { ownIdentity } from './process-identity.ts';
import type { StackPlan } from './plan.ts';
import { PortTakenError, Service, type ServiceSpec } from './service.ts';
import { removeState, writeState, type StackState } from './state.ts';

export interface StackOptions {
  /** Names the holder of the home to whoever finds it taken: `up`, `start` … */
  purpose: string;
  /** Told what begins and what goes wrong. */
  say?: (line: string) => void;
}

const PUBLISH_AGAIN_MS = 1000;
const START_ATTEMPTS = 3;

/** The embedded services of one home, kept alive by this process. */
export class Stack {
  private readonly home: Home;
  private readonly lock: HomeLock;
  private readonly guard = new Guard();
  private readonly plan: StackPlan;
  private readonly services: Service[] = [];
  private readonly since = new Date().toISOString();
  private readonly log: LogFile;
  private state: StackState['state'] = 'starting';
  private stopped: Promise<void> | undefined;
  private later: NodeJS.Timeout | undefined;

  private constructor(home: Home, lock: HomeLock, plan: StackPlan) {
    this.home = home;
    this.lock = lock;
    this.plan = plan;
    this.log = new LogFile(home.path('logs', 'supervisor.log'));
  }

  /**
   * Starts everything and waits until it works; when that fails, or `signal` aborts, all is stopped again. A port that
   * somebody took between its choice and its use is worth another plan.
   */
  static async start(
    home: Home,
    plan: () => Promise<StackPlan>,
    options: StackOptions,
    signal: AbortSignal,
  ): Promise<Stack> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await Stack.startOnce(home, plan, options, signal);
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === START_ATTEMPTS || signal.aborted) throw error;
        options.say?.(`${error.message}: trying other ports`);
      }
    }
  }

  private static async startOnce(
    home: Home,
    plan: () => Promise<StackPlan>,
    options: StackOptions,
    signal: AbortSignal,
  ): Promise<Stack> {
    const lock = lockHome(home, options.purpose);
    let stack: Stack | undefined;
    try {
      const leftovers = await endLeftovers(home);
      if (leftovers > 0) options.say?.(`ended ${leftovers} processes that an earlier stack left`);
      stack = new Stack(home, lock, await plan());
      await stack.bringUp(signal);
      return stack;
    } catch (error) {
      if (stack) await stack.stop();
      else lock.release();
      throw error;
    }
  }

  get description(): StackState {
    return {
      formatVersion: 1,
      state: this.state,
      supervisor: ownIdentity(),
      guard: this.guard.pid ?? null,
      since: this.since,
      temporal: this.plan.temporal,
      archiveUrl: this.plan.archiveUrl,
      services: this.services.map(({ status }) => status),
    };
  }

  /** The configuration with which a process of this stack, or a verb that uses it, reaches its services. */
  get config(): Config {
    return this.plan.config;
  }

  /** Stops all it started, the last first. Called again it waits for the same end. */
  stop(): Promise<void> {
    this.stopped ??= this.takeDown();
    return this.stopped;
  }

  private async bringUp(signal: AbortSignal): Promise<void> {
    this.requirePublished();
    const stopEarly = () => void this.stop();
    signal.addEventListener('abort', stopEarly, { once: true });
    try {
      for (const tier of this.plan.tiers) {
        signal.throwIfAborted();
        await Promise.all(tier.map(async (spec) => this.launch(spec).start()));
      }
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', stopEarly);
    }
    this.state = 'ready';
    this.log.event('info', 'all services are ready', this.plan.temporal);
    this.requirePublished();
  }

  private launch(spec: ServiceSpec): Service {
    const log = new LogFile(this.home.path('logs', `${spec.name}.log`));
    const marked = { ...spec, environment: { ...spec.environment, ...markOf(this.home) } };
    const service = new Service(marked, { log, guard: this.guard, onChange: () => this.note(service) });
    this.services.push(service);
    return service;
  }

  private async takeDown(): Promise<void> {
    this.state = 'stopping';
    this.log.event('info', 'stopping');
    this.publish();
    try {
      // Workers first, so that they can still tell the server that they go.
      for (const tier of this.plan.tiers.toReversed()) {
        const names = new Set(tier.map(({ name }) => name));
        await Promise.all(
          this.services.filter(({ spec }) => names.has(spec.name)).map((service) => service.stop()),
        );
      }
      await this.guard.rest();
    } finally {
      clearTimeout(this.later);
      removeState(this.home);
      this.log.event('info', 'all services are stopped');
      this.log.close();
      this.lock.release();
    }
  }

  private note({ status }: Service): void {
    const worse = status.state === 'restarting' || status.state === 'unhealthy';
    this.log.event(worse ? 'warn' : 'info', `${status.name}: ${status.state}`, { restarts: status.restarts });
    this.publish();
  }

  /** A full disk does not end what runs: who asks finds the state of before, until there is room again. */
  private publish(): void {
    clearTimeout(this.later);
    try {
      this.requirePublished();
    } catch {
      this.later = setTimeout(() => this.publish(), PUBLISH_AGAIN_MS).unref();
    }
  }

  private requirePublished(): void {
    writeState(this.home, this.description);
  }
}

import type { Home } from '../../lake/home.ts';
import type { Logger } from '../../stages/context.ts';
import type { ModelManager } from '../models/model-manager.ts';
import { keyOf } from '../models/catalogue.ts';
import { notFound } from '../problem.ts';
import type { TrafficHooks } from '../serving.ts';
import { Exposures } from '../traffic/exposures.ts';
import type { TrafficObserver } from '../traffic/observer.ts';
import { Outcomes } from '../traffic/outcomes.ts';
import { Shadow, type ShadowAsked } from '../traffic/shadow/shadow.ts';
import { onlyOutputs, type TensorMap } from '../tensor.ts';

/** What follows from who was dealt: exposures of A/B tests, outcomes, a shadow's look at what was asked. */
export interface OpenTraffic extends AsyncDisposable {
  hooks: TrafficHooks;
  outcomes: Outcomes;
}

interface TrafficParts {
  home: Home;
  manager: ModelManager;
  log: Logger;
  observer: TrafficObserver;
  /** Tells a test's workflow that there is something to look at. */
  nudge(test: string): Promise<void>;
}

export function openTraffic({ home, manager, log, observer, nudge }: TrafficParts): OpenTraffic {
  const exposures = new Exposures({ home, log, observer });
  const outcomes = new Outcomes({ home, log, exposures, observer, nudge });
  const shadow = new Shadow({
    ...{ home, log, observer },
    run: (asked, signal) => runVersion(manager, asked, signal),
    isBusy: () => manager.waiting > 0,
  });
  const missing = new Set<string>();
  const hooks: TrafficHooks = {
    answered({ dealt }, request, answer, { requestId, user }, seconds) {
      if (dealt) observer.dealt?.(dealt);
      if (dealt?.test) exposures.note(dealt.test, { requestId, user });
      const state = manager.catalogue.models.get(request.spec.name)?.target.traffic;
      if (state?.shadow && dealt) shadow.offer(state, request, answer, { requestId, seconds, dealt });
    },
    missed({ missing: wanted }) {
      if (!wanted) return;
      observer.fellBack?.(wanted);
      if (missing.has(keyOf(wanted))) return;
      missing.add(keyOf(wanted));
      log.warn(
        wanted,
        'this version was dealt and is not loaded: the champion answers, and nobody is counted',
      );
    },
  };
  return {
    ...{ hooks, outcomes },
    async [Symbol.asyncDispose]() {
      await shadow.close();
      await exposures.flush();
    },
  };
}

async function runVersion(
  manager: ModelManager,
  { model, version, signature, inputs, outputs }: ShadowAsked,
  signal: AbortSignal,
): Promise<TensorMap> {
  const served = manager.catalogue.registered({ model, version });
  if (!served) throw notFound(`Version ${version} of ${model} is not loaded.`);
  served.acquire();
  try {
    const passage = await served.queueOf(signature).answer(inputs, signal);
    return outputs ? onlyOutputs(passage.outputs, outputs) : passage.outputs;
  } finally {
    served.release();
  }
}

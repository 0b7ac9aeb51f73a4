import type {
  ABChangeInput,
  ABJudgeInput,
  ABLook,
  ABStartInput,
  ABTestRecord,
} from '../contracts/ab-test.ts';
import type { StageContext } from '../stages/context.ts';
import { noteOutcomes } from './journal.ts';
import { changeTest, interruption, requireTest, startTest } from './store.ts';

type Place = Pick<StageContext, 'home'>;

export const startABTest = ({ home }: Place, input: ABStartInput): Promise<ABTestRecord> =>
  startTest(home, input);

export const changeABTest = ({ home }: Place, input: ABChangeInput): Promise<ABTestRecord> =>
  changeTest(home, input);

/** Writes down what came in, and says how the test stands by all that is there. */
export async function judgeABTest(
  { home }: Place,
  { name, outcomes, at, over }: ABJudgeInput,
): Promise<ABLook> {
  const { account, evaluation } = await noteOutcomes(home, name, outcomes, at);
  const interrupted = await interruption(home, await requireTest(home, name));
  return { account, result: evaluation.result(over), interrupted };
}

import type { Capture } from '../../cache/key.js';
import type { Location } from '../workspace/find-workspace.js';
import type { RunnerEnv } from './env/declared-env.js';

/** What planning needs to know of the runner's own surroundings. */
export interface PlanContext {
  readonly location: Location;
  readonly env: RunnerEnv;
  /** How the tasks' output is captured. */
  readonly capture: Capture;
}

import { takeFileStamp } from '../../../cache/file-stamp.js';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { EnvSource } from '../../plan/execution.js';
import type { ChannelRecord } from '../channel/channel-record.js';
import { openChannel } from '../channel/open-channel.js';
import { createRunDirectory, removeRunDirectory } from '../channel/run-directory.js';

/** What a tracked task needs around it, made just before it starts and gone after it. */
export interface RunEnvironment {
  /** Private directory (0700) for the run's FIFOs and trace. */
  readonly directory: string;
  /** Path of the FIFO the task gets as fd 3. */
  readonly channelPath: string;
  /** Variables that tell the task about the channel. */
  readonly env: Readonly<Record<string, string>>;
  /** The moment before the task, by the clock of the file system at `stampDirectory`. */
  readonly startStamp: bigint;
  /** All that was said, after the processes that count have ended. */
  drain(): ChannelRecord;
  /** Ends the channel and removes the directory. Never rejects. */
  close(): Promise<void>;
}

export interface RunEnvironmentOptions {
  readonly envSource: EnvSource;
  readonly nodeClient: string;
  readonly workspaceRoot: AbsolutePath;
  /** A directory on the workspace's file system in which a file can be made for a moment. */
  readonly stampDirectory: string;
}

/**
 * Makes the run directory and opens the channel.
 *
 * @throws the system error when there is no place for them
 */
export async function openRunEnvironment(options: RunEnvironmentOptions): Promise<RunEnvironment> {
  const { envSource, nodeClient, workspaceRoot, stampDirectory } = options;
  const directory = createRunDirectory();
  try {
    const channel = await openChannel({ directory, envSource, nodeClient, workspaceRoot });
    if (channel.kind !== 'open') throw new Error(channel.detail);
    return {
      directory,
      channelPath: channel.requestPath,
      env: channel.env,
      startStamp: takeFileStamp(stampDirectory),
      drain: () => channel.drain(),
      close: async () => {
        await channel.close().catch(() => undefined);
        removeRunDirectory(directory);
      },
    };
  } catch (error) {
    removeRunDirectory(directory);
    throw error;
  }
}

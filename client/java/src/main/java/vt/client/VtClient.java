package vt.client;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Tells the task runner vt what the file system cannot show: for tools and build scripts on the JVM.
 *
 * <p>Outside a runner, and when the runner is gone, every method does nothing; none throws because of
 * it. All may be called by any thread at any time.
 *
 * <p>The channel is described in proto/PROTOCOL.md of vt; the names of its parts are used here.
 */
public final class VtClient {
  /** Whether the result of the run depends on an answer. */
  public enum Tracking {
    /** When a later run would be answered differently, the cached result is not used. */
    TRACKED,
    /** The answer does not matter to the result. */
    UNTRACKED
  }

  private VtClient() {}

  /** Whether a runner listens. */
  public static boolean isInsideRunner() {
    return Connection.current().isOpen();
  }

  /**
   * The version of the protocol that the runner and this client both speak: what a request demands of
   * it is said in PROTOCOL.md. Asks the runner the first time.
   *
   * @return 0 outside a runner
   */
  public static int protocolVersion() {
    return Connection.current().version();
  }

  /**
   * Reads, probes and listings at or under the path are no inputs of this task, whether they happened
   * already or not. For directories that are a tool's own business, such as its cache.
   *
   * @param path need not exist
   */
  public static void ignoreInput(Path path) {
    ignoreInput(bytes(path));
  }

  /**
   * As {@link #ignoreInput(Path)}.
   *
   * @param absolutePath in the bytes of the file system, for a path that no text stands for
   */
  public static void ignoreInput(byte[] absolutePath) {
    Connection.current().report(Wire.ignoreInput(absolutePath));
  }

  /**
   * Writes at or under the path are no outputs of this task: not kept, not restored.
   *
   * @param path need not exist
   */
  public static void ignoreOutput(Path path) {
    ignoreOutput(bytes(path));
  }

  /**
   * As {@link #ignoreOutput(Path)}.
   *
   * @param absolutePath in the bytes of the file system, for a path that no text stands for
   */
  public static void ignoreOutput(byte[] absolutePath) {
    Connection.current().report(Wire.ignoreOutput(absolutePath));
  }

  /**
   * The result of this run is not to be kept.
   *
   * @param reason shown to the user, one line; may be empty
   */
  public static void disableCache(String reason) {
    Connection.current().report(Wire.disableCache(reason));
  }

  /** As {@link #getEnv(String, Tracking)}, tracked. */
  public static Optional<String> getEnv(String name) {
    return getEnv(name, Tracking.TRACKED);
  }

  /**
   * The value of a variable in the runner's environment, of which a task's own ({@link System#getenv})
   * shows only a part. That is neither asked nor changed.
   *
   * @return empty if it is not set there, and outside a runner
   */
  public static Optional<String> getEnv(String name, Tracking tracking) {
    Wire.Answer answer = Connection.current().ask(Wire.getEnv(name, tracking));
    return Optional.ofNullable(answer.value).map(value -> new String(value, StandardCharsets.UTF_8));
  }

  /**
   * All variables in the runner's environment whose whole name matches.
   *
   * @param glob such as {@code APP_*} or <code>{A,B}_?</code>
   * @return none outside a runner
   */
  public static SortedMap<String, String> getEnvs(String glob, Tracking tracking) {
    return text(Connection.current().ask(Wire.getEnvs(1, glob, tracking)));
  }

  /**
   * All variables in the runner's environment whose name begins with a prefix.
   *
   * @param prefix may be empty
   * @return none outside a runner
   */
  public static SortedMap<String, String> getEnvsByPrefix(String prefix, Tracking tracking) {
    return text(Connection.current().ask(Wire.getEnvs(2, prefix, tracking)));
  }

  private static SortedMap<String, String> text(Wire.Answer answer) {
    SortedMap<String, String> found = new TreeMap<>();
    for (Map.Entry<String, byte[]> variable : answer.variables.entrySet()) {
      found.put(variable.getKey(), new String(variable.getValue(), StandardCharsets.UTF_8));
    }
    return found;
  }

  /** The runner cleans it: {@code ..} is not taken off here, where there may be symbolic links. */
  private static byte[] bytes(Path path) {
    return path.toAbsolutePath().toString().getBytes(FILE_NAMES);
  }

  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
}

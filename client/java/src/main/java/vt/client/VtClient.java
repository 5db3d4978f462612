package vt.client;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

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

  /** What is at a path, symbolic links followed. */
  public enum PathKind {
    /** Nothing, or what cannot be looked at. */
    ABSENT,
    /** A regular file. */
    FILE,
    /** A directory. */
    DIRECTORY,
    /** A device, FIFO or socket. */
    OTHER
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

  /**
   * The result depends on whether something is at the path, and what kind of thing; not on its size, times
   * and content, even if this process looks at it from now on.
   *
   * @return empty outside a runner: look yourself
   */
  public static Optional<PathKind> dependOnExists(Path path) {
    Connection connection = Connection.current();
    byte[] question = Wire.dependOnExists(bytes(path), connection.beginQuestion());
    long kind = connection.ask(question).kind;
    if (kind == 0) {
      return Optional.empty();
    }
    PathKind[] kinds = PathKind.values();
    return Optional.of(kind < 0 || kind > kinds.length ? PathKind.OTHER : kinds[(int) kind - 1]);
  }

  /**
   * The result depends on which files match, not on what is in them, nor on other names beside them. From
   * now on the directories that this process lists to find them are no dependencies of their own.
   *
   * @param directory what globs and answer are relative to
   * @param include globs such as {@code src/*.java}
   * @param exclude globs that leave out
   * @return sorted; empty outside a runner: look yourself
   */
  public static Optional<List<String>> dependOnGlob(
      Path directory, List<String> include, List<String> exclude) {
    Connection connection = Connection.current();
    String since = connection.beginQuestion();
    List<byte[]> paths =
        connection.ask(Wire.dependOnGlob(bytes(directory), include, exclude, since)).paths;
    if (paths == null) {
      return Optional.empty();
    }
    List<String> found = new ArrayList<>();
    for (byte[] path : paths) {
      found.add(new String(path, StandardCharsets.UTF_8));
    }
    return Optional.of(found);
  }

  /**
   * The result depends on one value in a JSON file, not on the rest of it, even if this process reads the
   * file from now on. What it read before counts as ever.
   *
   * @param pointer RFC 6901, such as {@code /dependencies/vite}; empty for the whole, but for its layout
   * @return the value as JSON; empty if there is none, and outside a runner
   */
  public static Optional<String> dependOnJson(Path path, String pointer) {
    Connection connection = Connection.current();
    byte[] question = Wire.dependOnJson(bytes(path), pointer, connection.beginQuestion());
    byte[] value = connection.ask(question).value;
    return Optional.ofNullable(value).map(json -> new String(json, StandardCharsets.UTF_8));
  }

  /**
   * This process, and every one it starts, reads and writes nothing but these files. For what the runner
   * cannot trace; what it sees all the same counts as ever. A directory stands for all files below it.
   */
  public static void declareComplete(Collection<Path> inputs, Collection<Path> outputs) {
    declareComplete(
        inputs.stream().map(VtClient::bytes).toArray(byte[][]::new),
        outputs.stream().map(VtClient::bytes).toArray(byte[][]::new),
        0);
  }

  /**
   * As {@link #declareComplete(Collection, Collection)}.
   *
   * @param absoluteInputs in the bytes of the file system, for paths that no text stands for
   * @param absoluteOutputs the same
   * @param process pid of the one that it is said of; 0 for this one
   */
  public static void declareComplete(
      byte[][] absoluteInputs, byte[][] absoluteOutputs, long process) {
    Connection.current().report(Wire.declareComplete(absoluteInputs, absoluteOutputs, process));
  }

  /**
   * What this thread says meanwhile is said on behalf of a label, such as {@code plugin x}: the runner
   * names it where it says who it was.
   *
   * @return what {@code say} returns
   */
  public static <T> T labelled(String label, Supplier<T> say) {
    String before = Connection.LABEL.get();
    Connection.LABEL.set(label);
    try {
      return say.get();
    } finally {
      Connection.LABEL.set(before);
    }
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

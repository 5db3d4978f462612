package vt.client;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/**
 * The process's conversation with the runner: begins with the first thing said, ends for good with the
 * first failure. A process has one, which threads take turns at.
 */
final class Connection {
  /** On whose behalf a thread speaks; empty: its own. */
  static final ThreadLocal<String> LABEL = ThreadLocal.withInitial(() -> "");

  private static Connection current;

  private final long pid = ProcessHandle.current().pid();
  // Not of SecureRandom, which reads files and takes its time: it is to be different, not secret.
  private final int nonce = new SplittableRandom(System.nanoTime() ^ pid << 32).nextInt();
  private final String directory;
  private long sequence;
  private int version;
  private int questions; // that have a moment of their own
  private OutputStream requests; // null: nobody to talk to
  private ReplyChannel replies;

  static synchronized Connection current() {
    if (current == null) {
      current = new Connection(System.getenv("VT_IPC_DIR"));
    }
    return current;
  }

  private Connection(String directory) {
    this.directory = directory;
    if (directory == null || directory.isEmpty()) {
      return;
    }
    try {
      requests = openRequests(Paths.get(directory, "q"));
      report(Wire.hello());
    } catch (IOException | RuntimeException | LinkageError failure) {
      // Without a free descriptor Java cannot even load what it opens files with.
      end();
    }
  }

  /**
   * Opens the FIFO by its path. Java knows a descriptor 3 by its path alone, and opening that is opening
   * this. It cannot open without waiting for a reader either, but for reading and writing at once, and then
   * for writing, as a reader is there; when that is closed, writing fails without the runner.
   */
  private static OutputStream openRequests(Path path) throws IOException {
    Object identity = Fifo.identity(path);
    FileChannel both =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      // Not a channel: that would be closed when a thread that writes to it is interrupted.
      OutputStream writer = new FileOutputStream(path.toFile(), true);
      if (!identity.equals(Fifo.identity(path))) {
        writer.close();
        throw new IOException("the FIFO is another one");
      }
      return writer;
    } finally {
      both.close();
    }
  }

  /** The runner was there when it was last spoken to. */
  synchronized boolean isOpen() {
    return requests != null;
  }

  /** The protocol version both sides speak; asked for once. 0 if the runner is gone. */
  synchronized int version() {
    if (version == 0 && requests != null) {
      long theirs = ask(Wire.hello()).version;
      version = (int) Math.min(Math.max(theirs, 1), Wire.PROTOCOL_VERSION);
    }
    return requests == null ? 0 : version;
  }

  /**
   * Marks the moment from which on what this process looks at is for the question it asks next.
   *
   * @return for the question's {@code since}; empty where it cannot be marked, so that all looks count
   */
  synchronized String beginQuestion() {
    if (requests == null) {
      return "";
    }
    questions++;
    String name = "since-" + Integer.toHexString(nonce) + "-" + questions;
    return new File(directory, name).mkdir() ? name : "";
  }

  /** Says something that needs no answer. */
  synchronized void report(byte[] request) {
    try {
      send(request, 0);
    } catch (IOException | RuntimeException | LinkageError failure) {
      end();
    }
  }

  /** Asks, and waits for the answer; one that says nothing if the runner is gone. */
  synchronized Wire.Answer ask(byte[] request) {
    if (requests == null) {
      return new Wire.Answer();
    }
    try {
      if (replies == null) {
        replies = ReplyChannel.claim(new File(directory, "r"), () -> send(Wire.openReplies(), 0));
      }
      send(request, replies.number);
      while (true) {
        Wire.Answer answer = Wire.decodeReply(replies.read());
        if (answer.sequence == sequence) {
          return answer;
        }
      }
    } catch (IOException | RuntimeException | LinkageError failure) {
      end();
    } catch (Wire.MalformedMessage malformed) {
      leaveWord();
      end();
    }
    return new Wire.Answer();
  }

  private void send(byte[] request, long channel) throws IOException {
    if (requests == null) {
      return;
    }
    byte[] labelled = Wire.labelled(request, LABEL.get());
    for (byte[] frame : Wire.frames(pid, nonce, sequence + 1, channel, labelled)) {
      sequence++;
      requests.write(frame); // one write(2)
    }
  }

  /**
   * What is said from now on goes nowhere. Java does not tell why a call failed. While the runner is there,
   * its FIFO is and has a reader: then it must not believe that it heard all. (A word left for a runner that
   * was killed does no harm.)
   */
  private void end() {
    if (new File(directory, "q").exists()) {
      leaveWord();
    }
    Fifo.close(requests);
    if (replies != null) {
      replies.close();
    }
    requests = null;
    replies = null;
  }

  /** Tells the runner, by a name it looks for, that this process could not speak. */
  private void leaveWord() {
    new File(directory, "lost-" + pid).mkdir();
  }
}

package vt.client;

import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A reply FIFO that belongs to this process alone. The runner is its only writer. */
final class ReplyChannel {
  /** Something that is said to the runner. */
  interface Report {
    void send() throws IOException;
  }

  /** What frames name it by. */
  final long number;

  private final DataInputStream in;

  private ReplyChannel(long number, InputStream in) {
    this.number = number;
    this.in = new DataInputStream(in);
  }

  /**
   * Takes a free one, waiting while there is none.
   *
   * @param askForMore its failure ends the wait
   */
  static ReplyChannel claim(File replies, Report askForMore) throws IOException {
    for (long pause = 1; ; pause = Math.min(pause * 2, 16)) {
      String[] names = replies.list();
      if (names == null) {
        throw new NoSuchFileException(replies.toString());
      }
      List<String> shuffled = Arrays.asList(names);
      Collections.shuffle(shuffled); // so that many processes at once do not all try the same
      for (String name : shuffled) {
        if (name.matches("f[0-9]+")) {
          InputStream in = take(replies.toPath(), name.substring(1));
          if (in != null) {
            return new ReplyChannel(Long.parseLong(name.substring(1)), in);
          }
        }
      }
      askForMore.send();
      pause(pause);
    }
  }

  /** Null if another was faster, or the runner took us for dead. */
  private static InputStream take(Path replies, String number) throws IOException {
    Path claimed = replies.resolve("c" + number);
    try {
      Files.move(replies.resolve("f" + number), claimed, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException another) {
      return null;
    }
    try {
      // A plain open for reading would wait for ever if the runner, its writer, were gone by now. With a
      // writer of our own it does not, and without it again reading ends with the runner.
      FileChannel both =
          FileChannel.open(claimed, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        return new FileInputStream(claimed.toFile());
      } finally {
        Fifo.close(both);
      }
    } catch (IOException failure) {
      if (Files.exists(claimed)) {
        throw failure; // no descriptor is free
      }
      return null;
    }
  }

  /** Waits for the next message. */
  byte[] read() throws IOException {
    int length = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      int next = in.readUnsignedByte();
      length |= (next & 0x7f) << shift;
      if (length > Wire.MAX_REPLY_BYTES) {
        break;
      }
      if (next < 0x80) {
        byte[] message = new byte[length];
        in.readFully(message);
        return message;
      }
    }
    throw new IOException("a reply longer than replies may be");
  }

  void close() {
    Fifo.close(in);
  }

  /** An interruption is kept for whoever expects it. */
  private static void pause(long milliseconds) {
    boolean wasInterrupted = Thread.interrupted();
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interruption) {
      wasInterrupted = true;
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

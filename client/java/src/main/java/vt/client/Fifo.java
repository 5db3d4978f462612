package vt.client;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** FIFOs, as far as Java knows them. */
final class Fifo {
  private static final int TYPE = 0170000;
  private static final int FIFO = 0010000;

  private Fifo() {}

  /**
   * Tells apart any two FIFOs there are.
   *
   * @throws NoSuchFileException if there is none at the path
   */
  static Object identity(Path path) throws IOException {
    if (((int) Files.getAttribute(path, "unix:mode") & TYPE) != FIFO) {
      throw new NoSuchFileException(path.toString());
    }
    return Arrays.asList(Files.getAttribute(path, "unix:dev"), Files.getAttribute(path, "unix:ino"));
  }

  static void close(Closeable file) {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException nothingToDo) {
      // It was written or read before; that alone counts.
    }
  }
}

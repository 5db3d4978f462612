import static java.util.stream.Collectors.joining;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import vt.client.VtClient;
import vt.client.VtClient.Tracking;

/** The driver of the Java client for {@code vt conformance} (client/conformance/README.md). */
public final class Driver {
  /** What paths of questions and declarations are relative to; all others the client resolves. */
  private static Path directory = Path.of("").toAbsolutePath();

  private static byte[] decode(String field) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = 0; at < field.length() && !field.equals("-"); at++) {
      if (field.charAt(at) == '%') {
        bytes.write(Integer.parseInt(field.substring(at + 1, at + 3), 16));
        at += 2;
      } else {
        bytes.write(field.charAt(at));
      }
    }
    return bytes.toByteArray();
  }

  private static String text(String field) {
    return new String(decode(field), StandardCharsets.UTF_8);
  }

  private static String encode(String text) {
    if (text.isEmpty()) {
      return "-";
    }
    StringBuilder field = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      char character = (char) (each & 0xff);
      if (character < 0x80 && (Character.isLetterOrDigit(character) || "/._".indexOf(character) >= 0)) {
        field.append(character);
      } else {
        field.append(String.format("%%%02X", each & 0xff));
      }
    }
    return field.toString();
  }

  private static List<String> list(String field) {
    List<String> items = new ArrayList<>();
    if (!field.equals("-")) {
      for (String item : field.split(",")) {
        items.add(text(item));
      }
    }
    return items;
  }

  /** Absolute paths, which may have characters that Java's own name of a path cannot have here. */
  private static byte[][] paths(String field) {
    return list(field).stream()
        .map(path -> path.startsWith("/") ? path : directory + "/" + path)
        .map(path -> path.getBytes(StandardCharsets.UTF_8))
        .toArray(byte[][]::new);
  }

  /** The string that a JSON value is; all else as JSON. */
  private static String readString(String json) {
    if (!json.startsWith("\"")) {
      return json;
    }
    StringBuilder text = new StringBuilder();
    for (int at = 1; at < json.length() - 1; at++) {
      char next = json.charAt(at);
      if (next != '\\') {
        text.append(next);
        continue;
      }
      char escape = json.charAt(++at);
      int known = "bfnrt".indexOf(escape);
      if (escape == 'u') {
        text.append((char) Integer.parseInt(json.substring(at + 1, at + 5), 16));
        at += 4;
      } else {
        text.append(known < 0 ? escape : "\b\f\n\r\t".charAt(known));
      }
    }
    return text.toString();
  }

  private static String labelled(String label, String operation) {
    return VtClient.labelled(
        label,
        () -> {
          try {
            return perform(operation);
          } catch (InterruptedException | ExecutionException failure) {
            throw new IllegalStateException(failure);
          }
        });
  }

  private static Tracking tracking(String word) {
    return word.equals("tracked") ? Tracking.TRACKED : Tracking.UNTRACKED;
  }

  private static String perform(String line) throws InterruptedException, ExecutionException {
    String[] words = line.split(" ");
    switch (words[0]) {
      case "ignore-input":
        VtClient.ignoreInput(decode(words[1]));
        return "ok";
      case "ignore-output":
        VtClient.ignoreOutput(decode(words[1]));
        return "ok";
      case "disable-cache":
        VtClient.disableCache(text(words[1]));
        return "ok";
      case "depend-on-exists":
        return VtClient.dependOnExists(directory.resolve(text(words[1])))
            .map(kind -> "value " + kind.name().toLowerCase(Locale.ROOT))
            .orElse("absent");
      case "depend-on-json":
        return VtClient.dependOnJson(directory.resolve(text(words[1])), text(words[2]))
            .map(json -> "value " + encode(readString(json)))
            .orElse("absent");
      case "depend-on-glob":
        return VtClient.dependOnGlob(directory, list(words[1]), list(words[2]))
            .map(paths -> paths.stream().map(path -> " " + encode(path)).collect(joining("", "paths", "")))
            .orElse("absent");
      case "declare-complete":
        VtClient.declareComplete(paths(words[1]), paths(words[2]), 0);
        return "ok";
      case "labelled":
        return labelled(text(words[1]), line.substring(line.indexOf(' ', 9) + 1));
      case "inside":
        return VtClient.isInsideRunner() ? "yes" : "no";
      case "version":
        return "value " + VtClient.protocolVersion();
      case "get-env":
        return VtClient.getEnv(text(words[1]), tracking(words[2]))
            .map(value -> "value " + encode(value))
            .orElse("absent");
      case "get-envs":
        StringBuilder answer = new StringBuilder("set");
        Map<String, String> found =
            words[1].equals("glob")
                ? VtClient.getEnvs(text(words[2]), tracking(words[3]))
                : VtClient.getEnvsByPrefix(text(words[2]), tracking(words[3]));
        found.forEach(
            (name, value) -> answer.append(' ').append(encode(name)).append('=').append(encode(value)));
        return answer.toString();
      case "threads":
        return inThreads(Integer.parseInt(words[1]), line.substring(line.indexOf(' ', 8) + 1));
      case "chdir": // Java cannot go there, but be told where to look
        directory = directory.resolve(text(words[1]));
        return "unsupported";
      default: // Java has no fork without exec
        return "unsupported";
    }
  }

  private static String inThreads(int count, String operation)
      throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    List<Future<String>> answers = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      answers.add(threads.submit(() -> perform(operation)));
    }
    Set<String> different = new HashSet<>();
    for (Future<String> answer : answers) {
      different.add(answer.get());
    }
    threads.shutdown();
    return different.size() == 1 ? different.iterator().next() : "different";
  }

  /** Answers until there is nothing more to do. */
  public static void main(String[] args) throws Exception {
    // A class is read from a file when it is first needed, for which there may be no descriptor then.
    String all =
        "VtClient VtClient$PathKind VtClient$Tracking Connection Fifo ReplyChannel ReplyChannel$Report"
            + " Wire Wire$Answer Wire$Fields Wire$MalformedMessage Wire$Message";
    for (String name : all.split(" ")) {
      Class.forName("vt.client." + name);
    }
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.ISO_8859_1));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      out.println(perform(line));
      out.flush();
    }
  }
}

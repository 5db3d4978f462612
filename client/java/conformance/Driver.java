import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
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
      default: // Java has no chdir and no fork without exec
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
        "VtClient VtClient$Tracking Connection Fifo ReplyChannel ReplyChannel$Report"
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

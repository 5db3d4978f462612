package vt.client;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The messages of {@code vt/ipc/v1/ipc.proto}, as far as a client needs them, in their bytes.
 *
 * <p>Written by hand rather than generated: this code lives in other people's tools, which must not have
 * to agree with it about a version of the protobuf runtime.
 */
final class Wire {
  static final int PROTOCOL_VERSION = 1;
  static final int MAX_FRAME_BYTES = 512;
  static final int MAX_REPLY_BYTES = 16 << 20;

  /** What is left of a frame for a chunk when every header field has its greatest length. */
  private static final int CHUNK_BYTES = MAX_FRAME_BYTES - 35;

  /** What every frame starts with after its length: the tag of the first field and the magic. */
  private static final byte[] MARK = {0x0d, (byte) 0xf6, 0x76, 0x74, (byte) 0xf7};

  private Wire() {}

  static byte[] hello() {
    Message hello = new Message().number(1, PROTOCOL_VERSION).text(2, "java").text(3, "0.1.0");
    return new Message().bytes(1, hello.encoded()).encoded();
  }

  static byte[] ignoreInput(byte[] path) {
    return new Message().bytes(2, new Message().bytes(1, path).encoded()).encoded();
  }

  static byte[] ignoreOutput(byte[] path) {
    return new Message().bytes(3, new Message().bytes(1, path).encoded()).encoded();
  }

  static byte[] disableCache(String reason) {
    return new Message().bytes(4, new Message().text(1, reason).encoded()).encoded();
  }

  static byte[] getEnv(String name, VtClient.Tracking tracking) {
    Message fields = new Message().text(1, name).number(2, tracked(tracking));
    return new Message().bytes(5, fields.encoded()).encoded();
  }

  /** @param pattern the field: 1 for a glob, 2 for a prefix; a member of a oneof, sent even if empty */
  static byte[] getEnvs(int pattern, String text, VtClient.Tracking tracking) {
    Message fields = new Message().bytes(pattern, text.getBytes(StandardCharsets.UTF_8));
    return new Message().bytes(6, fields.number(3, tracked(tracking)).encoded()).encoded();
  }

  static byte[] openReplies() {
    return new Message().bytes(7, new byte[0]).encoded();
  }

  static byte[] declareComplete(byte[][] inputs, byte[][] outputs, long process) {
    Message fields = new Message();
    for (byte[] path : inputs) {
      fields.bytes(1, path);
    }
    for (byte[] path : outputs) {
      fields.bytes(2, path);
    }
    return new Message().bytes(8, fields.number(3, process).encoded()).encoded();
  }

  static byte[] dependOnGlob(
      byte[] directory, List<String> include, List<String> exclude, String since) {
    Message fields = new Message().bytes(1, directory);
    // Each is sent even if it is empty: what it means is for the runner to say.
    for (String glob : include) {
      fields.bytes(2, glob.getBytes(StandardCharsets.UTF_8));
    }
    for (String glob : exclude) {
      fields.bytes(3, glob.getBytes(StandardCharsets.UTF_8));
    }
    return new Message().bytes(9, fields.text(4, since).encoded()).encoded();
  }

  static byte[] dependOnExists(byte[] path, String since) {
    Message fields = new Message().bytes(1, path).text(2, since);
    return new Message().bytes(10, fields.encoded()).encoded();
  }

  static byte[] dependOnJson(byte[] path, String pointer, String since) {
    Message fields = new Message().bytes(1, path).text(2, pointer).text(3, since);
    return new Message().bytes(11, fields.encoded()).encoded();
  }

  /** The encoded request, said on behalf of somebody. */
  static byte[] labelled(byte[] request, String label) {
    if (label.isEmpty()) {
      return request;
    }
    Message labelled = new Message();
    labelled.out.writeBytes(request);
    return labelled.text(15, label).encoded();
  }

  private static int tracked(VtClient.Tracking tracking) {
    return tracking == VtClient.Tracking.TRACKED ? 1 : 0;
  }

  /** The frames that carry an encoded Request; the first has the given sequence number. */
  static List<byte[]> frames(long pid, int nonce, long sequence, long channel, byte[] request) {
    byte[] single = frame(pid, nonce, sequence, channel, false, 7, request);
    if (single.length <= MAX_FRAME_BYTES && indexOfMark(single, 3, single.length) < 0) {
      return Collections.singletonList(single);
    }
    List<byte[]> frames = new ArrayList<>();
    for (int start = 0, end; start < request.length; start = end) {
      end = Math.min(start + CHUNK_BYTES, request.length);
      // No piece may have a whole mark: the runner takes one for a frame's beginning.
      int mark = indexOfMark(request, start, end);
      if (mark >= 0) {
        end = mark + 2;
      }
      byte[] chunk = java.util.Arrays.copyOfRange(request, start, end);
      boolean more = end < request.length;
      frames.add(frame(pid, nonce, sequence + frames.size(), channel, more, 8, chunk));
    }
    return frames;
  }

  private static byte[] frame(
      long pid, int nonce, long sequence, long channel, boolean more, int field, byte[] body) {
    Message content = new Message();
    content.out.writeBytes(MARK);
    content.number(2, pid).fixed32(3, nonce).number(4, sequence).number(5, channel);
    byte[] encoded = content.number(6, more ? 1 : 0).bytes(field, body).encoded();
    Message framed = new Message().varint(encoded.length);
    framed.out.writeBytes(encoded);
    return framed.encoded();
  }

  private static int indexOfMark(byte[] data, int from, int to) {
    for (int at = from; at + MARK.length <= to; at++) {
      if (java.util.Arrays.equals(data, at, at + MARK.length, MARK, 0, MARK.length)) {
        return at;
      }
    }
    return -1;
  }

  /** A message that is being encoded. Fields that have their default are left out. */
  private static final class Message {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message varint(long value) {
      for (; value > 0x7f; value >>>= 7) {
        out.write((int) value & 0x7f | 0x80);
      }
      out.write((int) value);
      return this;
    }

    Message number(int field, long value) {
      return value == 0 ? this : varint(field << 3).varint(value);
    }

    Message fixed32(int field, int value) {
      varint(field << 3 | 5);
      for (int shift = 0; shift < 32; shift += 8) {
        out.write(value >>> shift & 0xff);
      }
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint(field << 3 | 2).varint(value.length);
      out.writeBytes(value);
      return this;
    }

    Message text(int field, String value) {
      return value.isEmpty() ? this : bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    byte[] encoded() {
      return out.toByteArray();
    }
  }

  /** What a Reply says. An Error, and an answer of a kind that is not known, say nothing. */
  static final class Answer {
    long sequence;
    /** To Hello; 0 if this is no answer to it. */
    long version;
    /** To GetEnv and DependOnJson; null if there is none. */
    byte[] value;
    /** To GetEnvs. */
    final Map<String, byte[]> variables = new LinkedHashMap<>();
    /** To DependOnGlob; null if this is no answer to it. */
    List<byte[]> paths;
    /** To DependOnExists, the number of a PathKind; 0 if this is no answer to it. */
    long kind;
  }

  /** Bytes that are no message. */
  static final class MalformedMessage extends Exception {
    private static final long serialVersionUID = 1;
  }

  static Answer decodeReply(byte[] message) throws MalformedMessage {
    Answer answer = new Answer();
    for (Fields reply = new Fields(message, 0, message.length); reply.next(); ) {
      if (reply.number == 1 && reply.kind == 0) {
        answer.sequence = reply.value;
      } else if (reply.number >= 4 && reply.number <= 9 && reply.kind == 2) {
        if (reply.number == 7) {
          answer.paths = new ArrayList<>();
        }
        for (Fields body = reply.inner(); body.next(); ) {
          if (body.number != 1) {
            continue;
          }
          if (reply.number == 4 && body.kind == 0) {
            answer.version = body.value;
          } else if (reply.number == 8 && body.kind == 0) {
            answer.kind = body.value;
          } else if ((reply.number == 5 || reply.number == 9) && body.kind == 2) {
            answer.value = body.bytes();
          } else if (reply.number == 6 && body.kind == 2) {
            addVariable(body.inner(), answer.variables);
          } else if (reply.number == 7 && body.kind == 2) {
            answer.paths.add(body.bytes());
          }
        }
      }
    }
    return answer;
  }

  private static void addVariable(Fields fields, Map<String, byte[]> variables)
      throws MalformedMessage {
    byte[] name = {};
    byte[] value = {};
    while (fields.next()) {
      if (fields.number == 1 && fields.kind == 2) {
        name = fields.bytes();
      } else if (fields.number == 2 && fields.kind == 2) {
        value = fields.bytes();
      }
    }
    variables.put(new String(name, StandardCharsets.UTF_8), value);
  }

  /** Goes through the fields of a message, those of unknown numbers among them. */
  private static final class Fields {
    private final byte[] data;
    private final int end;
    private int at;
    /** Of the field it is at. */
    long number;

    int kind;
    /** Of a varint. */
    long value;

    private int from;

    Fields(byte[] data, int from, int end) {
      this.data = data;
      this.at = from;
      this.end = end;
    }

    boolean next() throws MalformedMessage {
      if (at == end) {
        return false;
      }
      long tag = varint();
      number = tag >>> 3;
      kind = (int) tag & 7;
      long length = 0;
      switch (kind) {
        case 0:
          value = varint();
          break;
        case 1:
          length = 8;
          break;
        case 2:
          length = varint();
          break;
        case 5:
          length = 4;
          break;
        default:
          throw new MalformedMessage();
      }
      if (length < 0 || length > end - at) {
        throw new MalformedMessage();
      }
      from = at;
      at += (int) length;
      return true;
    }

    Fields inner() {
      return new Fields(data, from, at);
    }

    byte[] bytes() {
      return java.util.Arrays.copyOfRange(data, from, at);
    }

    private long varint() throws MalformedMessage {
      long result = 0;
      for (int shift = 0; shift < 70 && at < end; shift += 7) {
        byte next = data[at++];
        result |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return result;
        }
      }
      throw new MalformedMessage();
    }
  }
}

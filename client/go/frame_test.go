package vt

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.org/vt/client/internal/ipcv1"
)

// The vectors of the protocol: what this client puts together has their bytes.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("../../proto/vectors/frames.json")
	if err != nil {
		t.Skip("proto/vectors is not here")
	}
	var vectors []struct {
		Name       string
		Hex        string
		JSON       json.RawMessage
		DecodeOnly bool
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, vector := range vectors {
		expected := &ipcv1.Frame{}
		if vector.DecodeOnly || protojson.Unmarshal(vector.JSON, expected) != nil {
			continue
		}
		request := expected.GetRequest()
		if request == nil || request.Kind == nil || expected.Nonce == 0 {
			continue
		}
		encoded, err := proto.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		header := frameHeader{expected.Pid, expected.Nonce, expected.Sequence, expected.ReplyChannel}
		framed := frames(header, encoded)
		if len(framed) != 1 {
			t.Errorf("%s: in %d frames", vector.Name, len(framed))
			continue
		}
		// Of the same fields; Go puts those of a oneof last, so that the bytes of a Request may differ.
		found := &ipcv1.Frame{}
		if err := proto.Unmarshal(framed[0][lengthOfPrefix(framed[0]):], found); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(found, expected) || hex.EncodeToString(framed[0])[:12] != vector.Hex[:12] {
			t.Errorf("%s: %x, not %s", vector.Name, framed, vector.Hex)
		}
		compared++
	}
	if compared < 5 {
		t.Errorf("only %d vectors were compared", compared)
	}
}

func TestNoFrameIsTooLongOrHasASecondMark(t *testing.T) {
	for length := 0; length < 2000; length++ {
		request := append(bytes.Repeat([]byte("/"), length), mark...)
		request = append(request, bytes.Repeat([]byte("x"), length%30)...)
		var joined []byte
		for at, framed := range frames(frameHeader{1, 2, 1, 7}, request) {
			if len(framed) > maxFrameBytes || bytes.Contains(framed[3:], mark) {
				t.Fatalf("frame %d of %d bytes: %x", at, length, framed)
			}
			decoded := &ipcv1.Frame{}
			if err := proto.Unmarshal(framed[lengthOfPrefix(framed):], decoded); err != nil {
				t.Fatal(err)
			}
			joined = append(joined, decoded.GetChunk()...)
		}
		if !bytes.Equal(joined, request) {
			t.Fatalf("%d bytes: the chunks are another request", length)
		}
	}
}

func lengthOfPrefix(framed []byte) int {
	if framed[0] < 0x80 {
		return 1
	}
	return 2
}

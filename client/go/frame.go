package vt

import (
	"bytes"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	maxFrameBytes = 512
	maxReplyBytes = 16 << 20
	// What is left of a frame for a chunk when every header field has its greatest length.
	chunkBytes = maxFrameBytes - 35
)

// mark is what every frame starts with after its length: the tag of the first field and the magic.
var mark = []byte{0x0d, 0xf6, 0x76, 0x74, 0xf7}

type frameHeader struct {
	pid, nonce, sequence, replyChannel uint32
}

// frames are those that carry an encoded Request; the first has the sequence number of the header. They
// are put together here, not by proto.Marshal, which promises no order of fields: a frame is found by its
// beginning.
func frames(header frameHeader, request []byte) [][]byte {
	single := frame(header, false, 7, request)
	if len(single) <= maxFrameBytes && !bytes.Contains(single[3:], mark) {
		return [][]byte{single}
	}
	var framed [][]byte
	for len(request) > 0 {
		size := len(request)
		if size > chunkBytes {
			size = chunkBytes
		}
		// No piece may have a whole mark: the runner takes one for a frame's beginning.
		if at := bytes.Index(request[:size], mark); at >= 0 {
			size = at + 2
		}
		framed = append(framed, frame(header, size < len(request), 8, request[:size]))
		header.sequence++
		request = request[size:]
	}
	return framed
}

func frame(header frameHeader, more bool, field protowire.Number, body []byte) []byte {
	content := append(make([]byte, 0, maxFrameBytes), mark...)
	content = protowire.AppendTag(content, 2, protowire.VarintType)
	content = protowire.AppendVarint(content, uint64(header.pid))
	content = protowire.AppendTag(content, 3, protowire.Fixed32Type)
	content = protowire.AppendFixed32(content, header.nonce)
	content = protowire.AppendTag(content, 4, protowire.VarintType)
	content = protowire.AppendVarint(content, uint64(header.sequence))
	if header.replyChannel != 0 {
		content = protowire.AppendTag(content, 5, protowire.VarintType)
		content = protowire.AppendVarint(content, uint64(header.replyChannel))
	}
	if more {
		content = protowire.AppendTag(content, 6, protowire.VarintType)
		content = protowire.AppendVarint(content, 1)
	}
	content = protowire.AppendTag(content, field, protowire.BytesType)
	content = protowire.AppendBytes(content, body)
	return append(protowire.AppendVarint(nil, uint64(len(content))), content...)
}

package vt

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"google.golang.org/protobuf/proto"

	"example.org/vt/client/internal/ipcv1"
)

// The protocol version this client speaks.
const protocolVersion = 1

// connection is the process's conversation with the runner: it begins with the first thing said and ends
// for good with the first failure. A Go process has one, under a lock: goroutines have no thread of their
// own, and a process cannot fork without exec.
type connection struct {
	sync.Mutex
	begun     bool
	directory string
	pid       uint32
	nonce     uint32
	sequence  uint32
	version   int
	questions int          // that have a moment of their own
	pipe      *requestPipe // nil: nobody to talk to
	replies   *replyChannel
}

var current connection

// begin says hello when it is first needed; false if there is nobody to talk to.
func (c *connection) begin() bool {
	if c.begun {
		return c.pipe != nil
	}
	c.begun = true
	c.directory = os.Getenv("VT_IPC_DIR")
	if c.directory == "" {
		return false
	}
	c.pid = uint32(os.Getpid())
	var nonce [4]byte
	if _, err := rand.Read(nonce[:]); err == nil {
		c.nonce = binary.LittleEndian.Uint32(nonce[:])
	}
	pipe, err := openRequestPipe(c.directory, os.Getenv("VT_IPC_FD"))
	if err != nil {
		c.end(err)
		return false
	}
	c.pipe = pipe
	c.report(hello())
	return c.pipe != nil
}

func hello() *ipcv1.Request {
	return &ipcv1.Request{Kind: &ipcv1.Request_Hello{Hello: &ipcv1.Hello{
		ProtocolVersion: protocolVersion,
		Client:          "go",
		ClientVersion:   Version,
	}}}
}

func (c *connection) agreedVersion() int {
	if !c.begin() {
		return 0
	}
	if c.version == 0 {
		theirs := c.ask(hello()).GetHello().GetProtocolVersion()
		c.version = 1
		if theirs > 1 {
			c.version = protocolVersion
			if theirs < protocolVersion {
				c.version = int(theirs)
			}
		}
	}
	if c.pipe == nil {
		return 0
	}
	return c.version
}

// moment is for the question's since; empty where it cannot be marked, so that all looks count.
func (c *connection) moment() string {
	if !c.begin() {
		return ""
	}
	c.questions++
	name := fmt.Sprintf("since-%x-%d", c.nonce, c.questions)
	if os.Mkdir(c.directory+"/"+name, 0o700) != nil {
		return ""
	}
	return name
}

// report says something that needs no answer.
func (c *connection) report(request *ipcv1.Request) {
	if !c.begin() {
		return
	}
	if err := c.send(request, 0); err != nil {
		c.end(err)
	}
}

// ask waits for the answer; nil if the runner is gone.
func (c *connection) ask(request *ipcv1.Request) *ipcv1.Reply {
	if !c.begin() {
		return nil
	}
	reply, err := c.tryAsk(request)
	if err != nil {
		c.end(err)
		return nil
	}
	return reply
}

func (c *connection) tryAsk(request *ipcv1.Request) (*ipcv1.Reply, error) {
	if c.replies == nil {
		replies, err := claimReplies(c.directory+"/r", func() error {
			return c.send(&ipcv1.Request{Kind: &ipcv1.Request_OpenReplies{
				OpenReplies: &ipcv1.OpenReplies{},
			}}, 0)
		})
		if err != nil {
			return nil, err
		}
		c.replies = replies
	}
	if err := c.send(request, c.replies.number); err != nil {
		return nil, err
	}
	for {
		message, err := c.replies.read()
		if err != nil {
			return nil, err
		}
		reply := &ipcv1.Reply{}
		if err := proto.Unmarshal(message, reply); err != nil {
			return nil, err
		}
		if reply.Sequence == c.sequence {
			return reply, nil
		}
	}
}

func (c *connection) send(request *ipcv1.Request, replyChannel uint32) error {
	encoded, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	header := frameHeader{c.pid, c.nonce, c.sequence + 1, replyChannel}
	for _, frame := range frames(header, encoded) {
		c.sequence++
		if err := c.pipe.write(frame); err != nil {
			return err
		}
	}
	return nil
}

// end makes what is said from now on go nowhere. If the runner lives and cannot be reached, it must not
// believe that it heard all.
func (c *connection) end(why error) {
	if !isRunnerGone(why) {
		leaveWord(c.directory)
	}
	if c.pipe != nil {
		c.pipe.close()
	}
	if c.replies != nil {
		c.replies.close()
	}
	c.pipe, c.replies = nil, nil
}

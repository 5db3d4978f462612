package vt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errRunnerGone: nobody minds what is not said. Any other error but those of isRunnerGone means that the
// runner lives and cannot be reached.
var errRunnerGone = errors.New("vt: the runner is gone")

func isRunnerGone(err error) bool {
	for _, gone := range []error{
		errRunnerGone, io.EOF, syscall.ENOENT, syscall.ENOTDIR, syscall.ENXIO, syscall.EPIPE,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// leaveWord tells the runner, by a name it looks for, that this process could not speak. It fails if that
// was said already, or nobody is left to hear it.
func leaveWord(directory string) {
	_ = os.Mkdir(fmt.Sprintf("%s/lost-%d", directory, os.Getpid()), 0o700)
}

type identity struct{ dev, ino uint64 }

func identityOf(status *syscall.Stat_t) (identity, bool) {
	isFifo := status.Mode&syscall.S_IFMT == syscall.S_IFIFO
	return identity{uint64(status.Dev), status.Ino}, isFifo
}

// requestPipe is the way to the runner: the inherited descriptor if it is the runner's, else one of our
// own.
type requestPipe struct {
	path      string
	identity  identity
	inherited int // -1: none
	own       int // -1: none
}

// openRequestPipe is given the values of VT_IPC_DIR and VT_IPC_FD.
func openRequestPipe(directory, inherited string) (*requestPipe, error) {
	pipe := &requestPipe{path: directory + "/q", inherited: -1, own: -1}
	var status syscall.Stat_t
	if err := syscall.Stat(pipe.path, &status); err != nil {
		return nil, err
	}
	var isFifo bool
	if pipe.identity, isFifo = identityOf(&status); !isFifo {
		return nil, errRunnerGone
	}
	if number, err := strconv.ParseUint(inherited, 10, 31); err == nil {
		pipe.inherited = int(number)
	}
	if _, err := pipe.descriptor(); err != nil {
		return nil, err
	}
	return pipe, nil
}

// write writes one frame whole, waiting while the pipe is full. The Go runtime makes EPIPE an error.
func (p *requestPipe) write(frame []byte) error {
	for pause := 250 * time.Microsecond; ; {
		fd, err := p.descriptor()
		if err != nil {
			return err
		}
		_, err = syscall.Write(fd, frame) // a pipe takes all of a frame or nothing
		switch err {
		case nil:
			return nil
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			time.Sleep(pause)
			if pause *= 2; pause > 8*time.Millisecond {
				pause = 8 * time.Millisecond
			}
		default:
			return err
		}
	}
}

// descriptor looks before each write: whoever owns this process may have closed the descriptor and opened
// a file in its place, where a frame must never end up.
func (p *requestPipe) descriptor() (int, error) {
	for _, fd := range []int{p.own, p.inherited} {
		if p.isOurs(fd) {
			return fd, nil
		}
	}
	// Without O_NONBLOCK this would wait for a reader if the runner is gone.
	fd, err := open(p.path, syscall.O_WRONLY|syscall.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	if !p.isOurs(fd) {
		syscall.Close(fd)
		return -1, errRunnerGone
	}
	p.own = fd
	return fd, nil
}

func (p *requestPipe) isOurs(fd int) bool {
	var status syscall.Stat_t
	if fd < 0 || syscall.Fstat(fd, &status) != nil {
		return false
	}
	found, isFifo := identityOf(&status)
	return isFifo && found == p.identity
}

func (p *requestPipe) close() {
	if p.isOurs(p.own) {
		syscall.Close(p.own)
	}
	p.own = -1
}

// replyChannel is a reply FIFO that belongs to this process alone. The runner is its only writer.
type replyChannel struct {
	number uint32 // what frames name it by
	fd     int
	buffer []byte
}

// claimReplies takes a free one, waiting while there is none; askForMore tells the runner.
func claimReplies(directory string, askForMore func() error) (*replyChannel, error) {
	for pause := time.Millisecond; ; {
		entries, err := os.ReadDir(directory)
		if err != nil {
			return nil, err
		}
		for at := range entries {
			// So that many processes at once do not all try the same.
			name := entries[(at+os.Getpid())%len(entries)].Name()
			number, err := strconv.ParseUint(strings.TrimPrefix(name, "f"), 10, 32)
			if err != nil {
				continue
			}
			fd, err := take(directory, number)
			if err == nil {
				return &replyChannel{number: uint32(number), fd: fd}, nil
			}
			if !errors.Is(err, syscall.ENOENT) {
				return nil, err
			}
			// Another was faster, or the runner took us for dead.
		}
		if err := askForMore(); err != nil {
			return nil, err
		}
		time.Sleep(pause)
		if pause *= 2; pause > 16*time.Millisecond {
			pause = 16 * time.Millisecond
		}
	}
}

func take(directory string, number uint64) (int, error) {
	claimed := fmt.Sprintf("%s/c%d", directory, number)
	if err := os.Rename(fmt.Sprintf("%s/f%d", directory, number), claimed); err != nil {
		return -1, err
	}
	// A plain open for reading would wait for ever if the runner, its writer, were gone by now. With a
	// writer of our own it does not, and without it again reading ends with the runner.
	reader, err := open(claimed, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	defer syscall.Close(reader)
	writer, err := open(claimed, syscall.O_WRONLY|syscall.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	defer syscall.Close(writer)
	return open(claimed, syscall.O_RDONLY)
}

// read waits for the next message.
func (r *replyChannel) read() ([]byte, error) {
	length := 0
	for prefix := 0; prefix < 4; prefix++ {
		if err := r.fill(prefix + 1); err != nil {
			return nil, err
		}
		next := r.buffer[prefix]
		length |= int(next&0x7f) << (7 * prefix)
		if length > maxReplyBytes {
			break
		}
		if next < 0x80 {
			start, end := prefix+1, prefix+1+length
			if err := r.fill(end); err != nil {
				return nil, err
			}
			message := append([]byte(nil), r.buffer[start:end]...)
			r.buffer = append(r.buffer[:0], r.buffer[end:]...)
			return message, nil
		}
	}
	return nil, errors.New("vt: a reply longer than replies may be")
}

// fill reads on until the buffer has count bytes.
func (r *replyChannel) fill(count int) error {
	var piece [4096]byte
	for len(r.buffer) < count {
		length, err := syscall.Read(r.fd, piece[:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return err
		case length == 0:
			return io.EOF
		default:
			r.buffer = append(r.buffer, piece[:length]...)
		}
	}
	return nil
}

func (r *replyChannel) close() {
	syscall.Close(r.fd)
}

func open(path string, flags int) (int, error) {
	for {
		fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

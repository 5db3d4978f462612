package vt

import (
	"encoding/json"

	"example.org/vt/client/internal/ipcv1"
)

// Kind is what is at a path, symbolic links followed.
type Kind string

// The kinds of what is at a path.
const (
	Absent    Kind = "absent"
	File      Kind = "file"
	Directory Kind = "directory"
	Other     Kind = "other"
)

// DependOnExists makes the result depend on whether something is at path, and what kind of thing; not on
// its size, times and content, even if this process looks at it from now on, as os.Stat does. ok is false
// outside a runner: look yourself.
func DependOnExists(path string) (kind Kind, ok bool) { return Client{}.DependOnExists(path) }

// DependOnExists is the function of this name.
func (c Client) DependOnExists(path string) (kind Kind, ok bool) {
	reply := c.ask(&ipcv1.Request{Kind: &ipcv1.Request_DependOnExists{
		DependOnExists: &ipcv1.DependOnExists{Path: absolute(path), Since: moment()},
	}})
	switch reply.GetDependOnExists().GetKind() {
	case ipcv1.PathKind_PATH_KIND_UNSPECIFIED:
		return "", false
	case ipcv1.PathKind_PATH_KIND_ABSENT:
		return Absent, true
	case ipcv1.PathKind_PATH_KIND_FILE:
		return File, true
	case ipcv1.PathKind_PATH_KIND_DIRECTORY:
		return Directory, true
	default:
		return Other, true
	}
}

// DependOnGlob makes the result depend on which files match, not on what is in them, nor on other names
// beside them. From now on the directories that this process lists to find them are no dependencies of
// their own. The globs are relative to directory, and so is the answer, sorted. ok is false outside a
// runner: look yourself.
func DependOnGlob(directory string, include, exclude []string) (paths []string, ok bool) {
	return Client{}.DependOnGlob(directory, include, exclude)
}

// DependOnGlob is the function of this name.
func (c Client) DependOnGlob(directory string, include, exclude []string) (paths []string, ok bool) {
	reply := c.ask(&ipcv1.Request{Kind: &ipcv1.Request_DependOnGlob{
		DependOnGlob: &ipcv1.DependOnGlob{
			Directory: absolute(directory),
			Include:   each(include, utf8),
			Exclude:   each(exclude, utf8),
			Since:     moment(),
		},
	}})
	found := reply.GetDependOnGlob()
	return each(found.GetPaths(), func(path []byte) string { return string(path) }), found != nil
}

// DependOnJSON makes the result depend on one value in a JSON file (pointer: RFC 6901, such as
// /dependencies/vite; empty for the whole), not on the rest of it, even if this process reads the file
// from now on. What it read before counts as ever. value is nil if there is none, and outside a runner.
func DependOnJSON(path, pointer string) (value json.RawMessage) {
	return Client{}.DependOnJSON(path, pointer)
}

// DependOnJSON is the function of this name.
func (c Client) DependOnJSON(path, pointer string) (value json.RawMessage) {
	reply := c.ask(&ipcv1.Request{Kind: &ipcv1.Request_DependOnJson{
		DependOnJson: &ipcv1.DependOnJson{Path: absolute(path), Pointer: utf8(pointer), Since: moment()},
	}})
	return reply.GetDependOnJson().GetValue()
}

// Files are all that a process and those it starts read and write. A directory stands for all files below
// it.
type Files struct {
	Inputs, Outputs []string
	Process         int // that it is said of; 0: this one
}

// DeclareComplete says that this process, and every one it starts, reads and writes nothing but these
// files. For what the runner cannot trace; what it sees all the same counts as ever.
func DeclareComplete(files Files) { Client{}.DeclareComplete(files) }

// DeclareComplete is the function of this name.
func (c Client) DeclareComplete(files Files) {
	c.report(&ipcv1.Request{Kind: &ipcv1.Request_DeclareComplete{
		DeclareComplete: &ipcv1.DeclareComplete{
			Inputs:  each(files.Inputs, absolute),
			Outputs: each(files.Outputs, absolute),
			Process: uint32(files.Process),
		},
	}})
}

// moment marks the time from which on what this process looks at is for the question it asks next.
func moment() string {
	current.Lock()
	defer current.Unlock()
	return current.moment()
}

func each[From, To any](all []From, made func(From) To) []To {
	result := make([]To, len(all))
	for n, one := range all {
		result[n] = made(one)
	}
	return result
}

// Package vt tells the task runner vt what the file system cannot show: for tools and build scripts in
// Go.
//
// Outside a runner, and when the runner is gone, every function does nothing; none panics, fails or ends
// the process because of it. All may be called by any goroutine at any time.
//
// The channel is described in proto/PROTOCOL.md of vt; the names of its parts are used here.
package vt

import (
	"os"
	"path/filepath"
	"strings"

	"example.org/vt/client/internal/ipcv1"
)

// Version of this client.
const Version = "0.1.0"

// IsInsideRunner says whether a runner listens.
func IsInsideRunner() bool {
	current.Lock()
	defer current.Unlock()
	return current.begin()
}

// ProtocolVersion is the version of the protocol that the runner and this client both speak: what a
// request demands of it is said in PROTOCOL.md. It asks the runner the first time, and is 0 outside a
// runner.
func ProtocolVersion() int {
	current.Lock()
	defer current.Unlock()
	return current.agreedVersion()
}

// Client says what the functions of this package say, on somebody's behalf. The zero Client speaks for
// nobody else, as they do.
type Client struct{ label string }

// Labelled is for what is said on behalf of a label, such as "plugin x": the runner names it where it says
// who it was.
func Labelled(label string) Client {
	return Client{utf8(label)}
}

// IgnoreInput says that reads, probes and listings at or under path are no inputs of this task, whether
// they happened already or not. For directories that are a tool's own business, such as its cache. The
// path is relative to the working directory and need not exist.
func IgnoreInput(path string) { Client{}.IgnoreInput(path) }

// IgnoreInput is the function of this name.
func (c Client) IgnoreInput(path string) {
	c.report(&ipcv1.Request{Kind: &ipcv1.Request_IgnoreInput{
		IgnoreInput: &ipcv1.IgnoreInput{Path: absolute(path)},
	}})
}

// IgnoreOutput says that writes at or under path are no outputs of this task: not kept, not restored.
func IgnoreOutput(path string) { Client{}.IgnoreOutput(path) }

// IgnoreOutput is the function of this name.
func (c Client) IgnoreOutput(path string) {
	c.report(&ipcv1.Request{Kind: &ipcv1.Request_IgnoreOutput{
		IgnoreOutput: &ipcv1.IgnoreOutput{Path: absolute(path)},
	}})
}

// DisableCache says that the result of this run is not to be kept. The reason, one line or empty, is
// shown to the user.
func DisableCache(reason string) { Client{}.DisableCache(reason) }

// DisableCache is the function of this name.
func (c Client) DisableCache(reason string) {
	c.report(&ipcv1.Request{Kind: &ipcv1.Request_DisableCache{
		DisableCache: &ipcv1.DisableCache{Reason: utf8(reason)},
	}})
}

// Option changes a question.
type Option func(*question)

type question struct{ tracked bool }

// Untracked makes the result of the run not depend on the answer. Without it, when a later run would be
// answered differently, the cached result is not used.
func Untracked() Option {
	return func(q *question) { q.tracked = false }
}

// LookupEnv is the value of a variable in the runner's environment, of which a task's own (os.LookupEnv)
// shows only a part. That is neither asked nor changed. ok is false if it is not set there, and outside a
// runner.
func LookupEnv(name string, options ...Option) (value string, ok bool) {
	return Client{}.LookupEnv(name, options...)
}

// LookupEnv is the function of this name.
func (c Client) LookupEnv(name string, options ...Option) (value string, ok bool) {
	reply := c.ask(&ipcv1.Request{Kind: &ipcv1.Request_GetEnv{
		GetEnv: &ipcv1.GetEnv{Name: utf8(name), Tracked: isTracked(options)},
	}})
	found := reply.GetGetEnv().GetValue()
	return string(found), found != nil
}

// LookupEnvs finds all variables in the runner's environment whose whole name matches a glob, such as
// APP_* or {A,B}_?; none outside a runner.
func LookupEnvs(glob string, options ...Option) map[string]string {
	return Client{}.LookupEnvs(glob, options...)
}

// LookupEnvs is the function of this name.
func (c Client) LookupEnvs(glob string, options ...Option) map[string]string {
	return c.lookupEnvs(&ipcv1.GetEnvs{Pattern: &ipcv1.GetEnvs_Glob{Glob: utf8(glob)}}, options)
}

// LookupEnvsByPrefix finds those whose name begins with a prefix, which may be empty.
func LookupEnvsByPrefix(prefix string, options ...Option) map[string]string {
	return Client{}.LookupEnvsByPrefix(prefix, options...)
}

// LookupEnvsByPrefix is the function of this name.
func (c Client) LookupEnvsByPrefix(prefix string, options ...Option) map[string]string {
	return c.lookupEnvs(&ipcv1.GetEnvs{Pattern: &ipcv1.GetEnvs_Prefix{Prefix: utf8(prefix)}}, options)
}

func (c Client) lookupEnvs(query *ipcv1.GetEnvs, options []Option) map[string]string {
	query.Tracked = isTracked(options)
	reply := c.ask(&ipcv1.Request{Kind: &ipcv1.Request_GetEnvs{GetEnvs: query}})
	found := map[string]string{}
	for _, variable := range reply.GetGetEnvs().GetVariables() {
		found[variable.Name] = string(variable.Value)
	}
	return found
}

func isTracked(options []Option) bool {
	q := question{tracked: true}
	for _, option := range options {
		option(&q)
	}
	return q.tracked
}

func (c Client) report(request *ipcv1.Request) {
	request.Label = c.label
	current.Lock()
	defer current.Unlock()
	current.report(request)
}

func (c Client) ask(request *ipcv1.Request) *ipcv1.Reply {
	request.Label = c.label
	current.Lock()
	defer current.Unlock()
	return current.ask(request)
}

// absolute leaves `..` to the runner: there may be symbolic links before it.
func absolute(path string) []byte {
	if filepath.IsAbs(path) {
		return []byte(path)
	}
	// Without a working directory the path stays relative, to which the runner objects.
	directory, _ := os.Getwd()
	if physical, err := filepath.EvalSymlinks(directory); err == nil {
		directory = physical // Getwd believes $PWD
	}
	return []byte(directory + "/" + path)
}

// utf8 makes a text one that a message can have: a name in other bytes is nobody's.
func utf8(text string) string {
	return strings.ToValidUTF8(text, "\uFFFD")
}

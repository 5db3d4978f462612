// The driver of the Go client for `vt conformance` (client/conformance/README.md).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	vt "example.org/vt/client"
)

func decode(field string) string {
	if field == "-" {
		return ""
	}
	text, err := url.PathUnescape(field)
	if err != nil {
		panic(err)
	}
	return text
}

func encode(text string) string {
	if text == "" {
		return "-"
	}
	var field strings.Builder
	for _, char := range []byte(text) {
		switch {
		case char >= 'A' && char <= 'Z', char >= 'a' && char <= 'z', char >= '0' && char <= '9',
			strings.IndexByte("/._", char) >= 0:
			field.WriteByte(char)
		default:
			fmt.Fprintf(&field, "%%%02X", char)
		}
	}
	return field.String()
}

func options(mode string) []vt.Option {
	if mode == "untracked" {
		return []vt.Option{vt.Untracked()}
	}
	return nil
}

// listOf decodes a field of fields.
func listOf(field string) []string {
	if field == "-" {
		return nil
	}
	items := strings.Split(field, ",")
	for n, item := range items {
		items[n] = decode(item)
	}
	return items
}

func perform(client vt.Client, words []string) string {
	switch words[0] {
	case "labelled":
		return perform(vt.Labelled(decode(words[1])), words[2:])
	case "ignore-input":
		client.IgnoreInput(decode(words[1]))
	case "ignore-output":
		client.IgnoreOutput(decode(words[1]))
	case "disable-cache":
		client.DisableCache(decode(words[1]))
	case "declare-complete":
		client.DeclareComplete(vt.Files{Inputs: listOf(words[1]), Outputs: listOf(words[2])})
	case "depend-on-exists":
		if kind, ok := client.DependOnExists(decode(words[1])); ok {
			return "value " + encode(string(kind))
		}
		return "absent"
	case "depend-on-json":
		return valueOf(client.DependOnJSON(decode(words[1]), decode(words[2])))
	case "depend-on-glob":
		paths, ok := client.DependOnGlob(".", listOf(words[1]), listOf(words[2]))
		if !ok {
			return "absent"
		}
		answer := "paths"
		for _, path := range paths {
			answer += " " + encode(path)
		}
		return answer
	case "chdir":
		if err := os.Chdir(decode(words[1])); err != nil {
			panic(err)
		}
	case "inside":
		if vt.IsInsideRunner() {
			return "yes"
		}
		return "no"
	case "version":
		return fmt.Sprintf("value %d", vt.ProtocolVersion())
	case "get-env":
		if value, ok := client.LookupEnv(decode(words[1]), options(words[2])...); ok {
			return "value " + encode(value)
		}
		return "absent"
	case "get-envs":
		lookup := client.LookupEnvs
		if words[1] == "prefix" {
			lookup = client.LookupEnvsByPrefix
		}
		answer := "set"
		for name, value := range lookup(decode(words[2]), options(words[3])...) {
			answer += " " + encode(name) + "=" + encode(value)
		}
		return answer
	case "threads":
		return inGoroutines(client, words)
	default: // a Go process cannot fork without exec
		return "unsupported"
	}
	return "ok"
}

// valueOf is the answer of a JSON value: a string as it is, all else as JSON.
func valueOf(value json.RawMessage) string {
	if value == nil {
		return "absent"
	}
	var text string
	if json.Unmarshal(value, &text) != nil || value[0] != '"' {
		text = string(value)
	}
	return "value " + encode(text)
}

func inGoroutines(client vt.Client, words []string) string {
	count, err := strconv.Atoi(words[1])
	if err != nil {
		panic(err)
	}
	answers := make([]string, count)
	var group sync.WaitGroup
	for n := range answers {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			answers[n] = perform(client, words[2:])
		}(n)
	}
	group.Wait()
	for _, answer := range answers {
		if answer != answers[0] {
			return "different"
		}
	}
	return answers[0]
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		fmt.Println(perform(vt.Client{}, strings.Split(lines.Text(), " ")))
	}
}

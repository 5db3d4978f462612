// The driver of the Go client for `vt conformance` (client/conformance/README.md).
package main

import (
	"bufio"
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

func perform(line string) string {
	words := strings.Split(line, " ")
	switch words[0] {
	case "ignore-input":
		vt.IgnoreInput(decode(words[1]))
	case "ignore-output":
		vt.IgnoreOutput(decode(words[1]))
	case "disable-cache":
		vt.DisableCache(decode(words[1]))
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
		if value, ok := vt.LookupEnv(decode(words[1]), options(words[2])...); ok {
			return "value " + encode(value)
		}
		return "absent"
	case "get-envs":
		lookup := vt.LookupEnvs
		if words[1] == "prefix" {
			lookup = vt.LookupEnvsByPrefix
		}
		answer := "set"
		for name, value := range lookup(decode(words[2]), options(words[3])...) {
			answer += " " + encode(name) + "=" + encode(value)
		}
		return answer
	case "threads":
		return inGoroutines(words)
	default: // a Go process cannot fork without exec
		return "unsupported"
	}
	return "ok"
}

func inGoroutines(words []string) string {
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
			answers[n] = perform(strings.Join(words[2:], " "))
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
		fmt.Println(perform(lines.Text()))
	}
}

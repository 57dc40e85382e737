package cfn

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	yamlLine      = regexp.MustCompile(`^yaml: line (\d+): (.*)`)
	unknownAnchor = regexp.MustCompile(`unknown anchor '([^']+)'`)
)

// syntax is the parser's error with the line where the text ceases to be YAML.
// The parser itself often says where the mapping around it begins.
func syntax(data []byte, in *place, err error) error {
	line, text := 0, strings.TrimPrefix(err.Error(), "yaml: ")
	if match := yamlLine.FindStringSubmatch(err.Error()); match != nil {
		line, _ = strconv.Atoi(match[1])
		text = match[2]
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if match := unknownAnchor.FindStringSubmatch(text); match != nil {
		alias := []byte("*" + match[1])
		line = 1 + slices.IndexFunc(lines, func(l []byte) bool { return bytes.Contains(l, alias) })
	} else if at := broken(lines, len(data)); at > 0 {
		line = at
	}
	if line > 0 && line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")) {
		text = "a tab indents the line, and YAML allows spaces only"
	}
	return in.fault(line, "the template is not YAML: %s", text)
}

// broken is the first line with which a text is no longer YAML, or 0 if the
// text is too long to look for it: the first after the longest beginning that
// is YAML. It divides the text where sections and resources begin, and then
// tries each line.
func broken(lines [][]byte, size int) int {
	const most = 200
	if size > 100_000 {
		return 0
	}
	good := func(n int) bool { return yaml.Unmarshal(bytes.Join(lines[:n], nil), &yaml.Node{}) == nil }
	var cuts []int
	for i, l := range lines {
		if rest := bytes.TrimLeft(l, " "); len(l)-len(rest) <= 2 && len(rest) > 1 && bytes.IndexByte([]byte("#}]\r\n"), rest[0]) < 0 {
			cuts = append(cuts, i)
		}
	}
	first, _ := slices.BinarySearchFunc(cuts, true, func(n int, _ bool) int {
		if good(n) {
			return -1
		}
		return 1
	})
	from, to := 0, len(lines)
	if first > 0 {
		from = cuts[first-1]
	}
	if first < len(cuts) {
		to = cuts[first]
	}
	if to-from > most {
		return 0
	}
	for n := to; n > from; n-- {
		if good(n) {
			return n + 1
		}
	}
	return from + 1
}

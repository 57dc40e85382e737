package hostile

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// kinds are what is put in the place of each value of a JSON document.
var kinds = []string{`null`, `true`, `-1`, `1e400`, `""`, `"x"`, `[]`, `{}`, `[null]`, `{"":null}`}

// values are put in the place of a value that is not deep in the document:
// every kind, the ends of numbers, and texts that some operations read.
var values = []string{
	`null`, `true`, `0`, `-1`, `2147483648`, `-9223372036854775809`, `1e400`, `0.5`, `""`, `"x"`, `"\u0000"`, `"é😀"`,
	`"arn:aws:x"`, `"arn:aws:sqs:us-east-1:123456789012:"`, `"{}"`, `"[]"`, `"null"`, `"{\"a\":[null]}"`,
	`[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `{"":null}`, `{"a":null}`, `{"a":{}}`,
}

// long are the values that are put in the place of a member of the request
// only: they take their time.
var long = []string{
	`"` + strings.Repeat("a", 30_000) + `"`,
	`"` + strings.Repeat(`[`, 5_000) + `"`,
	`"` + strings.Repeat(`{\"a\":`, 1_000) + `1` + strings.Repeat(`}`, 1_000) + `"`,
	strings.Repeat(`[`, 1_500) + strings.Repeat(`]`, 1_500),
	strings.Repeat(`{"a":`, 1_000) + `1` + strings.Repeat(`}`, 1_000),
	`[` + strings.Repeat(`{},`, 1_000) + `{}]`,
}

// mutations are bodies that differ from a valid one in one place.
func (s *Suite) mutations(r Request) []string {
	body := r.Body
	switch {
	case r.Route != "" && body == "":
		return []string{"null", "[]", "{", "{}", `{"":0}`, `{"a":{"b":[null]}}`, "\xff", "a=b&c"}
	case r.Route == "" && s.Target == "":
		return formMutations(body)
	}
	var doc any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		panic(err) // a seed is valid
	}
	out := []string{"", "null", "[]", "{", body + "}", "{}", `{"":0}`}
	m := &mutator{root: doc}
	m.each(doc, 0, func(v any) { m.root = v }, func() { out = append(out, m.text()) })
	return out
}

// mutator replaces one value of a document at a time.
type mutator struct{ root any }

func (m *mutator) text() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m.root); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// each puts every replacement in the place of v, which set writes, and goes
// down into v.
func (m *mutator) each(v any, depth int, set func(any), emit func()) {
	texts := values
	switch {
	case depth == 1:
		texts = slices.Concat(values, long)
	case depth > 3:
		texts = kinds
	}
	for _, text := range texts {
		set(json.RawMessage(text))
		emit()
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			was := v[name]
			delete(v, name)
			emit()
			m.each(was, depth+1, func(new any) { v[name] = new }, emit)
		}
	case []any:
		for i, was := range v {
			m.each(was, depth+1, func(new any) { v[i] = new }, emit)
		}
		set(append(slices.Clone(v), v...)) // everything twice
		emit()
		set(v)
	}
}

// formMutations are forms that differ from a valid one in one parameter.
func formMutations(body string) []string {
	out := []string{"", "&", "=", "a", "%zz", ".=", "a.b.c=1", body + "&" + body, body + "&Action=x", strings.Repeat("a.", 100_000) + "=1"}
	parts := strings.Split(body, "&")
	with := func(i int, part string) {
		changed := slices.Clone(parts)
		changed[i] = part
		out = append(out, strings.Join(changed, "&"))
	}
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		texts := kinds
		if i < 4 {
			texts = slices.Concat(values, long)
		}
		for _, text := range texts {
			var s string
			if json.Unmarshal([]byte(text), &s) != nil {
				s = text
			}
			with(i, name+"="+url.QueryEscape(s))
		}
		for _, other := range []string{name, name + "=%FF", name + "%FF=1", name + ".x=" + value, name + ".1=" + value, name + ".member.1=" + value, "x." + part, strings.ToLower(part)} {
			with(i, other)
		}
		for _, from := range []string{".1.", ".1"} {
			for _, to := range []string{".0.", ".-1.", ".99999999999999999999.", ".2147483647.", "..", ".x."} {
				with(i, strings.Replace(name, from, strings.TrimSuffix(to, "."), 1)+"="+value)
			}
		}
		out = append(out, strings.Join(slices.Delete(slices.Clone(parts), i, i+1), "&"))
	}
	return out
}

// routeMutations are routes that differ from a valid one in one segment of the
// path or one parameter.
func routeMutations(route string) []string {
	if route == "" {
		return nil
	}
	var out []string
	path, query, _ := strings.Cut(route, "?")
	segments := strings.Split(path, "/")
	for i := 1; i < len(segments); i++ {
		replacements := texts
		if i < 3 { // a version, and a kind
			replacements = texts[:4]
		}
		for _, text := range replacements {
			changed := slices.Clone(segments)
			changed[i] = text
			out = append(out, strings.Join(changed, "/")+"?"+query)
		}
		out = append(out, strings.Join(slices.Delete(slices.Clone(segments), i, i+1), "/")+"?"+query)
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		for _, text := range texts {
			changed := slices.Clone(parts)
			changed[i] = name + "=" + text
			out = append(out, path+"?"+strings.Join(changed, "&"))
		}
	}
	return append(out, path+"?"+query+"&"+query, path+"?"+query+"&x=y", path+"//?"+query, strings.ToLower(route))
}

// texts are put in the place of a segment or of a value of a query.
var texts = []string{
	"", "x", "0", "-1", "99999999999999999999", "true", ".", "..", "%00", "%FF", "%2F", "%25", "%zz", "%C3%A9", "%F0%9F%98%80", "$LATEST", "a:b:c",
	"arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ax", "arn:aws:sqs:::", "eyJhZnRlciI6IngifQ%3D%3D", strings.Repeat("a", 5_000), strings.Repeat("%3A", 1_000), strings.Repeat("a/", 500),
}

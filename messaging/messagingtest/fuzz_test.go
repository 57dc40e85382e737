package messagingtest

import (
	"encoding/json"
	"slices"
	"testing"
)

func FuzzReceipt(f *testing.F) {
	f.Add("garbage")
	f.Add(receipt{"arn:aws:sqs:us-east-1:123456789012:q", 42, 3}.encode())
	f.Fuzz(func(t *testing.T, handle string) {
		r, ok := decodeReceipt(handle)
		if !ok {
			return
		}
		if again, ok := decodeReceipt(r.encode()); !ok || again != r {
			t.Errorf("%q decodes to %v, which encodes to something else", handle, r)
		}
	})
}

func FuzzBatchItemFailures(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"batchItemFailures":null}`, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`,
		`{"batchItemFailures":[{"itemIdentifier":null}]}`, `{"batchItemFailures":[null]}`, `{"batchItemFailures":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		ids, err := batchItemFailures(response)
		if err != nil && len(ids) > 0 {
			t.Errorf("%q: both %v and %v", response, ids, err)
		}
		if slices.Contains(ids, "") {
			t.Errorf("%q: an empty identifier passes", response)
		}
	})
}

func FuzzMessageStructure(f *testing.F) {
	for _, seed := range []string{`{"default":"a"}`, `{"default":"a","default":"b"}`, `{"default":{"a":[1]}}`, `{"default":"a"} x`, `[`, `{"default":"a"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		byProtocol, err := structured(message)
		if err != nil {
			return
		}
		var doc map[string]any
		if json.Unmarshal([]byte(message), &doc) != nil {
			t.Fatalf("%q is taken and is no JSON object", message)
		}
		if doc["default"] != byProtocol["default"] {
			t.Errorf("%q: default is %q", message, byProtocol["default"])
		}
	})
}

func FuzzCharacters(f *testing.F) {
	f.Add("hello\tworld\r\n")
	f.Add("a\x00b")
	f.Add("\uFFFF")
	f.Fuzz(func(t *testing.T, body string) {
		want := false
		for _, r := range body {
			allowed := r == 0x9 || r == 0xA || r == 0xD || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
			want = want || !allowed
		}
		if got := forbidden(body) != ""; got != want {
			t.Errorf("%q: forbidden is %t", body, got)
		}
	})
}

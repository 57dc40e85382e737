package observe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
)

const redacted = "[REDACTED]"

// Secret is a string that prints as "[REDACTED]" in logs, traces, errors and JSON.
// Convert it with string(s) to use it.
//
// Two printers of the standard library do not ask a type how to print it, and show a
// Secret when they are called directly. These are encoding/json for the key of a map,
// and fmt for a field that is not exported, as in fmt.Sprintf("%+v", struct{ key
// Secret }{…}). Values that are given to this package are safe in both places: fields
// of log lines and of slog, errors and panics that are logged, metric properties,
// annotations and metadata of spans. Sealed is safe with any printer.
type Secret string

// String returns "[REDACTED]".
func (Secret) String() string { return redacted }

// GoString returns "[REDACTED]".
func (Secret) GoString() string { return redacted }

// Format prints "[REDACTED]" whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON returns the JSON string "[REDACTED]".
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText returns "[REDACTED]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[REDACTED]" for log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// redactor replaces the values of some keys in JSON, and in text that holds JSON or
// pairs of a key and a value.
type redactor struct {
	keys map[string]bool // in normal form
}

// credentials are the keys of the credentials that requests carry: Options.Redact
// comes with them.
var credentials = []string{"authorization", "authorizationToken", "proxyAuthorization"}

// eventCredentials are further keys of credentials in the events of AWS: what
// Options.LogEvent writes never has their values.
var eventCredentials = []string{
	"cookie", "cookies", "setCookie", // sessions
	"identitySource",                         // the authorizer event of an HTTP API has the token in it
	"xApiKey", "apiKey", "xAmzSecurityToken", // API Gateway keys and AWS session tokens
	"xAmznOidcAccessToken", "xAmznOidcData", // of a load balancer that authenticates
	"accessToken", "refreshToken", "idToken", // OAuth
	"secretAccessKey", "sessionToken", // AWS credentials, as a CodePipeline event has them
	"clientSecret", "xAmzSignature", "authToken", // signed requests and the like
}

// newRedactor returns the redactor for the keys, or nil when there are none.
func newRedactor(keys ...[]string) *redactor {
	r := &redactor{keys: map[string]bool{}}
	for _, list := range keys {
		for _, k := range list {
			r.keys[string(normalKey(nil, k))] = true
		}
	}
	if len(r.keys) == 0 {
		return nil
	}
	return r
}

// normalKey appends key without '-' and '_' and in lower case; nil when nothing is left.
func normalKey[T string | []byte](dst []byte, key T) []byte {
	for i := range len(key) {
		switch c := key[i]; {
		case c == '-' || c == '_':
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// apply appends line to dst with the values of the keys replaced, at any depth, and
// looks into its strings. The line is well-formed JSON, or is copied as it is from
// where it is not. depth is the number of strings that line was found in.
func (r *redactor) apply(dst, line []byte, depth int) []byte {
	var scratch [64]byte
	base64Body := bytes.Contains(line, []byte(`"isBase64Encoded":true`)) || bytes.Contains(line, []byte(`"isBase64Encoded": true`))
	body := false // the next string is the body of a request
	for i := 0; i < len(line); {
		if line[i] != '"' {
			dst = append(dst, line[i])
			i++
			continue
		}
		end := stringEnd(line, i)
		quoted := line[i:end]
		i = end
		colon := skipSpace(line, i)
		if colon >= len(line) || line[colon] != ':' {
			dst = r.appendText(dst, quoted, depth, body)
			body = false
			continue
		}
		dst = append(dst, quoted...)
		value := skipSpace(line, colon+1)
		if !r.match(quoted, scratch[:0]) {
			body = base64Body && string(quoted) == `"body"` && value < len(line) && line[value] == '"'
			continue
		}
		dst = append(dst, line[i:value]...)
		dst = append(dst, '"')
		dst = append(dst, redacted...)
		dst = append(dst, '"')
		i = valueEnd(line, value)
	}
	return dst
}

// match reports whether a quoted key is one to redact, also when it got a number
// appended since its line had it twice.
func (r *redactor) match(quoted, scratch []byte) bool {
	if len(quoted) < 2 {
		return false
	}
	key := quoted[1 : len(quoted)-1]
	for _, c := range key {
		if c == '\\' {
			var plain string
			if json.Unmarshal(quoted, &plain) != nil {
				return false
			}
			key = []byte(plain)
			break
		}
	}
	return r.matchName(key, scratch)
}

// matchName is match for a key without quotes.
func (r *redactor) matchName(key, scratch []byte) bool {
	if r.keys[string(normalKey(scratch, key))] {
		return true
	}
	end := len(key)
	for end > 0 && '0' <= key[end-1] && key[end-1] <= '9' {
		end--
	}
	return 0 < end && end < len(key) && key[end-1] == '_' && r.keys[string(normalKey(scratch, key[:end-1]))]
}

func skipSpace[T string | []byte](b T, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is the index after the string that begins at i.
func stringEnd[T string | []byte](b T, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueEnd is the index after the JSON value that begins at i.
func valueEnd[T string | []byte](b T, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

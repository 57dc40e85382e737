package intrinsic

import (
	"crypto/md5"  //nolint:gosec // States.Hash offers it
	"crypto/sha1" //nolint:gosec // States.Hash offers it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Limits of the functions.
const (
	maxText  = 10_000 // characters of Base64Encode, Base64Decode and Hash
	maxRange = 1_000  // entries of ArrayRange
)

var functions = map[string]function{
	"States.Array":          {0, -1, func(args []any) (any, error) { return args, nil }},
	"States.ArrayPartition": {2, 2, arrayPartition},
	"States.ArrayContains":  {2, 2, arrayContains},
	"States.ArrayRange":     {3, 3, arrayRange},
	"States.ArrayGetItem":   {2, 2, arrayGetItem},
	"States.ArrayLength":    {1, 1, arrayLength},
	"States.ArrayUnique":    {1, 1, arrayUnique},
	"States.Base64Encode":   {1, 1, base64Encode},
	"States.Base64Decode":   {1, 1, base64Decode},
	"States.Hash":           {2, 2, hash},
	"States.JsonMerge":      {3, 3, jsonMerge},
	"States.StringToJson":   {1, 1, stringToJSON},
	"States.JsonToString":   {1, 1, func(args []any) (any, error) { return value.String(args[0]), nil }},
	"States.MathRandom":     {2, 3, mathRandom},
	"States.MathAdd":        {2, 2, mathAdd},
	"States.StringSplit":    {2, 2, stringSplit},
	"States.UUID":           {0, 0, func([]any) (any, error) { return awsid.UUID(), nil }},
	"States.Format":         {1, -1, format},
}

func list(v any, what string) ([]any, error) {
	l, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s must be an array, not a value of type %s", what, value.Kind(v))
	}
	return l, nil
}

func text(v any, what string) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s must be a string, not a value of type %s", what, value.Kind(v))
	}
	return s, nil
}

// whole reads an integer; a fraction is rounded as the service does: half up,
// so that -1.5 is -1.
func whole(v any, what string) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%s must be an integer, not a value of type %s", what, value.Kind(v))
	}
	f := math.Floor(value.Float(n) + 0.5)
	if f > math.MaxInt32 || f < math.MinInt32 {
		return 0, fmt.Errorf("%s is outside the range of a 32-bit integer", what)
	}
	return int64(f), nil
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func arrayPartition(args []any) (any, error) {
	l, err := list(args[0], "the first argument")
	if err != nil {
		return nil, err
	}
	n, err := whole(args[1], "the chunk size")
	if err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, errors.New("the chunk size must be positive")
	}
	chunks := []any{}
	for len(l) > int(n) {
		chunks = append(chunks, l[:n:n])
		l = l[n:]
	}
	if len(l) > 0 {
		chunks = append(chunks, l)
	}
	return chunks, nil
}

func arrayContains(args []any) (any, error) {
	l, err := list(args[0], "the first argument")
	if err != nil {
		return nil, err
	}
	for _, e := range l {
		if value.Equal(e, args[1]) {
			return true, nil
		}
	}
	return false, nil
}

func arrayRange(args []any) (any, error) {
	first, err := whole(args[0], "the first number")
	if err != nil {
		return nil, err
	}
	last, err := whole(args[1], "the last number")
	if err != nil {
		return nil, err
	}
	by, err := whole(args[2], "the increment")
	if err != nil {
		return nil, err
	}
	if by == 0 {
		return nil, errors.New("the increment must not be zero")
	}
	if n := (last-first)/by + 1; n > maxRange {
		return nil, fmt.Errorf("the array would have %d entries, more than %d", n, maxRange)
	}
	out := []any{}
	for n := first; by > 0 && n <= last || by < 0 && n >= last; n += by {
		out = append(out, number(n))
	}
	return out, nil
}

func arrayGetItem(args []any) (any, error) {
	l, err := list(args[0], "the first argument")
	if err != nil {
		return nil, err
	}
	i, err := whole(args[1], "the index")
	if err != nil {
		return nil, err
	}
	if i < 0 || int(i) >= len(l) {
		return nil, fmt.Errorf("the index %d is out of bounds for an array of length %d", i, len(l))
	}
	return l[i], nil
}

func arrayLength(args []any) (any, error) {
	l, err := list(args[0], "the argument")
	return number(int64(len(l))), err
}

func arrayUnique(args []any) (any, error) {
	l, err := list(args[0], "the argument")
	if err != nil {
		return nil, err
	}
	out := []any{}
next:
	for _, e := range l {
		for _, seen := range out {
			if value.Equal(seen, e) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out, nil
}

func limited(v any) (string, error) {
	s, err := text(v, "the argument")
	if err == nil && utf8.RuneCountInString(s) > maxText {
		err = fmt.Errorf("the argument is longer than %d characters", maxText)
	}
	return s, err
}

func base64Encode(args []any) (any, error) {
	s, err := limited(args[0])
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}

func base64Decode(args []any) (any, error) {
	s, err := limited(args[0])
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, errors.New("the argument is not base64")
	}
	return strings.ToValidUTF8(string(b), "\ufffd"), nil
}

func hash(args []any) (any, error) {
	s, ok := args[0].(string)
	if !ok {
		s = value.String(args[0])
	}
	if utf8.RuneCountInString(s) > maxText {
		return nil, fmt.Errorf("the data is longer than %d characters", maxText)
	}
	algorithm, err := text(args[1], "the algorithm")
	if err != nil {
		return nil, err
	}
	var sum []byte
	switch data := []byte(s); algorithm {
	case "MD5":
		d := md5.Sum(data) //nolint:gosec // asked for by the definition
		sum = d[:]
	case "SHA-1":
		d := sha1.Sum(data) //nolint:gosec // asked for by the definition
		sum = d[:]
	case "SHA-256":
		d := sha256.Sum256(data)
		sum = d[:]
	case "SHA-384":
		d := sha512.Sum384(data)
		sum = d[:]
	case "SHA-512":
		d := sha512.Sum512(data)
		sum = d[:]
	default:
		return nil, fmt.Errorf("there is no algorithm %s; there are MD5, SHA-1, SHA-256, SHA-384 and SHA-512", algorithm)
	}
	return hex.EncodeToString(sum), nil
}

func jsonMerge(args []any) (any, error) {
	a, ok := args[0].(*value.Object)
	b, ok2 := args[1].(*value.Object)
	if !ok || !ok2 {
		return nil, errors.New("the first two arguments must be objects")
	}
	if args[2] != false {
		return nil, errors.New("only the shallow merging mode is supported: the third argument must be false")
	}
	out := value.NewObject(a.Len() + b.Len())
	for _, o := range []*value.Object{a, b} {
		for i := range o.Len() {
			out.Put(o.At(i))
		}
	}
	return out, nil
}

func stringToJSON(args []any) (any, error) {
	s, err := text(args[0], "the argument")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	return value.ParseString(s)
}

func mathRandom(args []any) (any, error) {
	start, err := whole(args[0], "the start")
	if err != nil {
		return nil, err
	}
	end, err := whole(args[1], "the end")
	if err != nil {
		return nil, err
	}
	if start >= end {
		return nil, errors.New("the start must be less than the end")
	}
	if len(args) == 2 {
		return number(start + rand.Int64N(end-start)), nil
	}
	seed, err := whole(args[2], "the seed")
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // reproducible by request
	return number(start + r.Int64N(end-start)), nil
}

func mathAdd(args []any) (any, error) {
	a, err := whole(args[0], "the first number")
	if err != nil {
		return nil, err
	}
	b, err := whole(args[1], "the second number")
	if err != nil {
		return nil, err
	}
	return number(a + b), nil
}

// stringSplit splits at every character of the splitter; empty parts are
// left out.
func stringSplit(args []any) (any, error) {
	s, err := text(args[0], "the first argument")
	if err != nil {
		return nil, err
	}
	by, err := text(args[1], "the splitter")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(by, r) }) {
		out = append(out, part)
	}
	return out, nil
}

// format fills {} of the template; \{ and \} are braces.
func format(args []any) (any, error) {
	template, err := text(args[0], "the template")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	rest := args[1:]
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '\\' && i+1 < len(template) && (template[i+1] == '{' || template[i+1] == '}'):
			i++
			b.WriteByte(template[i])
		case strings.HasPrefix(template[i:], "{}"):
			if len(rest) == 0 {
				return nil, errors.New("there are more placeholders {} than arguments")
			}
			if s, ok := rest[0].(string); ok {
				b.WriteString(s)
			} else {
				b.WriteString(value.String(rest[0]))
			}
			rest = rest[1:]
			i++
		default:
			b.WriteByte(c)
		}
	}
	if len(rest) > 0 {
		return nil, errors.New("there are more arguments than placeholders {}")
	}
	return b.String(), nil
}

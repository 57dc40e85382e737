package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// textual says whether values of a type stand in a path, a query or a header: a
// scalar, a pointer to one, or a list of them.
func textual(t reflect.Type) bool {
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		t = t.Elem()
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	}
	return t == reflect.TypeFor[Timestamp]()
}

// setTexts reads texts into v, a field of a textual type. It returns the text
// that is none of the type.
func setTexts(v reflect.Value, texts []string, format string) (bad string, ok bool) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		list := reflect.MakeSlice(v.Type(), len(texts), len(texts))
		for i, text := range texts {
			if !setText(list.Index(i), text, format) {
				return text, false
			}
		}
		v.Set(list)
		return "", true
	}
	return texts[0], setText(v, texts[0], format)
}

func setText(v reflect.Value, text, format string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	var err error
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return setText(v.Elem(), text, format)
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
	case reflect.Float32, reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(f)
	case reflect.Slice:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		v.SetBytes(b)
	default: // a Timestamp
		var t time.Time
		t, err = parseTime(text, format)
		v.Set(reflect.ValueOf(Timestamp{t}))
	}
	return err == nil
}

func parseTime(text, format string) (time.Time, error) {
	switch format {
	case "http-date":
		return http.ParseTime(text)
	case "epoch-seconds":
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(seconds) > 1e12 {
			return time.Time{}, fmt.Errorf("%q is no number of seconds", text)
		}
		whole, fraction := math.Modf(seconds)
		return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC(), nil
	}
	return time.Parse(time.RFC3339, text)
}

func formatTime(t time.Time, format string) string {
	switch format {
	case "http-date":
		return t.UTC().Format(http.TimeFormat)
	case "epoch-seconds":
		b, _ := Timestamp{t}.MarshalJSON()
		return string(b)
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// textsOf writes a field of a textual type: nothing for a zero value.
func textsOf(v reflect.Value, format string) []string {
	if v.IsZero() {
		return nil
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		var out []string
		for i := range v.Len() {
			text := textOf(v.Index(i), format)
			if strings.ContainsAny(text, `,"`) {
				text = strconv.Quote(text)
			}
			out = append(out, text)
		}
		return out
	}
	return []string{textOf(v, format)}
}

func textOf(v reflect.Value, format string) string {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return oneLine(v.String())
	case reflect.Slice:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case reflect.Struct:
		return formatTime(v.Interface().(Timestamp).Time, format)
	}
	return fmt.Sprint(v.Interface())
}

// oneLine keeps a value from ending its header.
func oneLine(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
}

// headerList splits the values of a header at their commas, except inside
// quotes.
func headerList(values []string) []string {
	var out []string
	for _, value := range values {
		for value = strings.TrimSpace(value); value != ""; {
			var item string
			if quoted, err := strconv.QuotedPrefix(value); err == nil && value[0] == '"' {
				item, _ = strconv.Unquote(quoted)
				_, value, _ = strings.Cut(value[len(quoted):], ",")
			} else {
				item, value, _ = strings.Cut(value, ",")
			}
			out = append(out, strings.TrimSpace(item))
			value = strings.TrimSpace(value)
		}
	}
	return out
}

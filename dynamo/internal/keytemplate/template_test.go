package keytemplate_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

type value struct {
	ID string
	No int
	At time.Time
}

func parse(source string) (*keytemplate.Template, error) {
	return keytemplate.Parse(source, "#", func(field string) (reflect.Type, error) {
		f, ok := reflect.TypeFor[value]().FieldByName(field)
		if !ok {
			return nil, fmt.Errorf("no field %q", field)
		}
		return f.Type, nil
	})
}

// report collects what is wrong with fields.
type report []string

func (r *report) Addf(field, format string, args ...any) {
	*r = append(*r, field+" "+fmt.Sprintf(format, args...))
}

func render(t *testing.T, source string, v value) (key string, absent bool, faults report) {
	t.Helper()
	template, err := parse(source)
	require.NoError(t, err)
	binding := template.Bind(func(field string) []int {
		f, _ := reflect.TypeFor[value]().FieldByName(field)
		return f.Index
	})
	key, absent = binding.Render(reflect.ValueOf(v), &faults)
	return key, absent, faults
}

func TestRender(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 0, 5, time.FixedZone("", 3600))
	for source, want := range map[string]string{
		"ORDER#{ID}":      "ORDER#a",
		"{No:04}#{ID}":    "0007#a",
		"{At:day}":        "2026-03-01",
		"{At}":            "2026-03-01T11:30:00.000000005Z",
		"{ID:lower}#NOTE": "a#NOTE",
	} {
		key, absent, faults := render(t, source, value{ID: "a", No: 7, At: at})
		require.Equal(t, want, key)
		require.False(t, absent)
		require.Empty(t, faults)
	}
	_, absent, _ := render(t, "ORDER#{ID}", value{})
	require.True(t, absent, "an empty field gives no key")
	_, _, faults := render(t, "ORDER#{ID}", value{ID: "a#b"})
	require.Equal(t, report{`ID is "a#b", which contains the separator "#"`}, faults)
	_, _, faults = render(t, "{No:02}", value{No: 100})
	require.Equal(t, report{"No is 100, the key has room for 2 digits"}, faults)
}

func TestParseRefusesWhatIsNoTemplate(t *testing.T) {
	for source, want := range map[string]string{
		"":            "is empty",
		"{ID":         "has a { without its }",
		"ID}":         "has a } without its {",
		"{Nope}":      `no field "Nope"`,
		"{ID}{No}":    `"#" must follow it`,
		"{ID}#{ID}":   "field ID is in it twice",
		"{At:minute ": "has a { without its }",
		"{No:4}":      `"4" is not a width`,
	} {
		_, err := parse(source)
		require.ErrorContains(t, err, want, source)
	}
}

// Overlaps never misses two templates that can give one key.
func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"ORDER#{ID}", "LINE#{ID}", false},
		{"ORDER#{ID}", "ORDER#{No}", true},
		{"ORDER#{ID}", "ORDER#{ID}#LINE", false},
		{"{ID}", "ORDER", true},
		{"{No:04}", "META", false},
		{"{No:04}", "0001", true},
		{"A{ID}", "B{ID}", false},
	} {
		a, err := parse(c.a)
		require.NoError(t, err)
		b, err := parse(c.b)
		require.NoError(t, err)
		require.Equal(t, c.want, a.Overlaps(b), "%s and %s", c.a, c.b)
		require.Equal(t, c.want, b.Overlaps(a), "%s and %s", c.b, c.a)
	}
}

func TestSelectRange(t *testing.T) {
	template, err := parse("AT#{At:day}")
	require.NoError(t, err)
	part := template.Parts[1]
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	selected := func(from, to time.Time) keytemplate.Selection {
		var s keytemplate.Selection
		var faults report
		part.SelectRange([]byte("AT#"), keytemplate.Bounds{From: reflect.ValueOf(from), To: reflect.ValueOf(to)}, "#", &s, &faults)
		require.Empty(t, faults)
		return s
	}
	s := selected(day, day.Add(48*time.Hour))
	require.Equal(t, keytemplate.Between, s.Operator)
	require.Equal(t, "AT#2026-03-01", s.Low)
	require.Equal(t, "AT#2026-03-02\U0010FFFF", s.High)
	require.Nil(t, s.Edges, "the keys express both bounds")

	s = selected(day.Add(time.Hour), day.Add(2*time.Hour))
	require.False(t, s.Edges.Hold(reflect.ValueOf(day)))
	require.True(t, s.Edges.Hold(reflect.ValueOf(day.Add(time.Hour))))
	require.False(t, s.Edges.Hold(reflect.ValueOf(day.Add(2*time.Hour))), "the upper bound is not included")

	require.True(t, selected(day.Add(48*time.Hour), day).Never)
}

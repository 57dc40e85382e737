package suite

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		want, text string
		matches    bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"a", "", false},
		{"", "a", false},
		{"…", "", true},
		{"a…", "ab", true},
		{"…b", "ab", true},
		{"…b", "abc", false},
		{"…b", "aba", false},
		{"…b", "bab", true},
		{"a…b…c", "a1b2c", true},
		{"a…b…c", "a1c2b", false},
		{"a…b", "ab", true},
		{"ab…b", "ab", false},
	} {
		require.Equal(t, c.matches, Matches(c.want, c.text), "%q %q", c.want, c.text)
	}
}

func TestSoonAsksUntilThereIsNoProblem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, asked := time.Now(), 0
		Soon(t, func() string {
			if asked++; asked < 5 {
				return "not yet"
			}
			return ""
		})
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestChecksRunAsSubtests(t *testing.T) {
	var ran []string
	s := &Suite{
		Prefix: "p-", Differs: map[string]string{"differs": "for a reason"},
		Around: func(t *testing.T, check func(*testing.T)) { ran = append(ran, t.Name()); check(t) },
	}
	s.Run(t, func() {
		s.Check("runs", func(*testing.T) { ran = append(ran, "runs") })
		s.Check("differs", func(*testing.T) { ran = append(ran, "differs") })
		s.CheckSlow("slow", func(*testing.T) { ran = append(ran, "slow") })
		s.CheckIf(true, "", "has", func(*testing.T) { ran = append(ran, "has") })
	})
	require.Equal(t, []string{t.Name() + "/runs", "runs", t.Name() + "/has", "has"}, ran)
	require.Regexp(t, `^p-queue-[0-9a-f]{12}$`, s.Name("queue"))
	require.NotEqual(t, s.Name("queue"), s.Name("queue"))
}

// refusal is an error as the SDK gives it.
type refusal struct{ error }

func (refusal) ErrorCode() string    { return "Code" }
func (refusal) ErrorMessage() string { return "the text" }
func (refusal) HTTPStatusCode() int  { return 400 }

func TestRefusedTakesTheAnswerOfTheService(t *testing.T) {
	err := errors.Join(errors.New("outer"), refusal{errors.New("inner")})
	Refused(t, err, 400, "Code", "the text")
	Refused(t, err, 400, "Code", "the …")
}

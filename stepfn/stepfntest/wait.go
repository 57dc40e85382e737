package stepfntest

import (
	"encoding/json"
	"time"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// wait waits as the Wait state says.
func (b *branch) wait() error {
	until, err := b.waitUntil()
	if err != nil {
		return err
	}
	if !until.After(time.Now()) {
		return b.leave(b.effective, b.node.assign, b.node.next)
	}
	b.timer(until, true, func() {
		if err := b.leave(b.effective, b.node.assign, b.node.next); err != nil {
			b.fail(err)
		}
	})
	return nil
}

func (b *branch) waitUntil() (time.Time, error) {
	n, s := b.node, b.scope(b.effective)
	switch {
	case n.until != nil:
		return *n.until, nil
	case n.untilPath != nil:
		v, err := n.untilPath.get(s)
		if err != nil {
			return time.Time{}, err
		}
		at, ok := timestamp(v)
		if !ok {
			return time.Time{}, runtimeFailure("The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: %s", plain(v))
		}
		return at, nil
	}
	d, err := n.wait.waitTime(s)
	return time.Now().Add(d), err
}

func (s *seconds) waitTime(sc *scope) (time.Duration, error) {
	if s.path == nil {
		return time.Duration(s.n) * time.Second, nil
	}
	v, err := sc.resolve(s.path.path)
	if err != nil {
		return 0, runtimeFailure("The SecondsPath parameter does not reference an input value: %s", s.path.path)
	}
	n, ok := value.Whole(v)
	switch {
	case !ok:
		return 0, runtimeFailure("The SecondsPath parameter cannot be parsed as a long value: %s == %s", s.path.path, plain(v))
	case n < 0:
		return 0, runtimeFailure("The SecondsPath parameter references a negative value: %s == %s", s.path.path, plain(v))
	case n > 99_999_999:
		return 0, runtimeFailure("The SecondsPath parameter references a value above 99999999: %s == %s", s.path.path, plain(v))
	}
	return time.Duration(n) * time.Second, nil
}

// duration reads a time-out or heartbeat: 1 to 99,999,999 seconds, or 0 when
// neither it nor its path is set.
func (s *seconds) duration(sc *scope) (int64, error) {
	n, err := s.integer(sc)
	if err == nil && s.path != nil && (n < 1 || n > 99_999_999) {
		return 0, runtimeFailure("The %s field refers to value \"%d\" which is not from 1 to 99999999: %s", s.path.name, n, s.path.path)
	}
	return n, err
}

// number reads a number from 0 to 100: 0 when neither it nor its path is
// set.
func (p *percentage) number(sc *scope) (float64, error) {
	f := p.n
	if p.path != nil {
		v, err := p.path.get(sc)
		if err != nil {
			return 0, err
		}
		n, ok := v.(json.Number)
		if !ok {
			return 0, runtimeFailure("The %s field refers to value \"%s\" which is not a valid float: %s", p.path.name, plain(v), p.path.path)
		}
		f = value.Float(n)
	}
	if !(f >= 0 && f <= 100) {
		return 0, runtimeFailure("ToleratedFailurePercentage must be between 0 and 100.")
	}
	return f, nil
}

// plain writes a value for a cause: a string without its quotes.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return value.String(v)
}

// integer reads a number of a state: missing when neither it nor its path is
// set.
func (s *seconds) integer(sc *scope) (int64, error) {
	if s.path == nil {
		return s.n, nil
	}
	v, err := s.path.get(sc)
	if err != nil {
		return 0, err
	}
	n, ok := value.Whole(v)
	if ok && n < 0 && s.path.name == "ToleratedFailureCountPath" {
		return 0, runtimeFailure("ToleratedFailureCount cannot be negative.")
	}
	if !ok || n < 0 {
		return 0, runtimeFailure("The %s field refers to value \"%s\" which is not a valid integer: %s", s.path.name, plain(v), s.path.path)
	}
	return n, nil
}

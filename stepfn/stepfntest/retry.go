package stepfntest

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// delay is how long to wait before the retry after the attempts so far.
func (r *retrier) delay(attempts int) time.Duration {
	s := r.interval * math.Pow(r.rate, float64(attempts))
	if r.longest > 0 {
		s = min(s, r.longest)
	}
	s = min(s, 99_999_999)
	d := time.Duration(s * float64(time.Second))
	if r.jitter {
		return rand.N(d + 1)
	}
	return d
}

// placed reports whether a cause already names the state it comes from.
func placed(cause string) bool {
	return strings.HasPrefix(cause, "An error occurred while executing the state '")
}

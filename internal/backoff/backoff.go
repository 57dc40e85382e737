// Package backoff computes and waits out the pauses between retries.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Exponential returns shortest·2^attempt, at most longest. Attempts count from 0;
// a negative one counts as 0.
func Exponential(attempt int, shortest, longest time.Duration) time.Duration {
	if shortest <= 0 || longest <= 0 {
		return 0
	}
	d := shortest
	for range max(attempt, 0) {
		if d >= longest/2 {
			return longest
		}
		d *= 2
	}
	return min(d, longest)
}

// Full returns a random duration between shortest and Exponential's answer, both
// included: full jitter above a floor.
func Full(attempt int, shortest, longest time.Duration) time.Duration {
	top := Exponential(attempt, shortest, longest)
	if top <= shortest {
		return top
	}
	return shortest + rand.N(top-shortest+1)
}

// Sleep waits for d, or until ctx ends: then it returns the context's error.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package refresh_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/internal/refresh"
)

// origin counts what is fetched from it, and fails when told to.
type origin struct {
	fetches int
	failure error
	delay   time.Duration
	ttl     time.Duration
}

func (o *origin) fetch(ctx context.Context, _ int) (int, time.Duration, error) {
	o.fetches++
	n := o.fetches
	select {
	case <-time.After(o.delay):
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	return n, o.ttl, o.failure
}

func get(t *testing.T, c *refresh.Cache[int]) int {
	t.Helper()
	n, _, err := c.Get(t.Context())
	require.NoError(t, err)
	return n
}

// Whatever the times are to each other, an origin that answers is never dark.
func TestAValueIsNeverDarkWithoutAFailure(t *testing.T) {
	for _, times := range []refresh.Times{
		{TTL: 5 * time.Second, MaxStale: 5 * time.Second, Cooldown: 10 * time.Second},
		{TTL: 5 * time.Second, MaxStale: 6 * time.Second, Cooldown: 10 * time.Second},
		{TTL: time.Second, MaxStale: time.Hour, Cooldown: time.Minute},
		{TTL: time.Minute, MaxStale: time.Second, Cooldown: time.Hour},
		{TTL: 0, MaxStale: 0, Cooldown: time.Hour},
		{TTL: time.Hour, MaxStale: 24 * time.Hour, Cooldown: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := &origin{}
			c := refresh.New(times, o.fetch)
			start := time.Now()
			var fetched time.Time
			for seen := 0; time.Since(start) < 3*time.Minute; time.Sleep(500 * time.Millisecond) {
				n := get(t, c)
				require.Equal(t, o.fetches, n)
				if n != seen {
					seen, fetched = n, time.Now()
				}
				require.LessOrEqual(t, time.Since(fetched), max(min(times.TTL, times.MaxStale)-1, 0), "%v: no older than it may be", times)
			}
		})
	}
}

func TestAFailureCoolsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		o := &origin{failure: boom}
		c := refresh.New(refresh.Times{TTL: time.Minute, MaxStale: time.Hour, Cooldown: 10 * time.Second}, o.fetch)
		for range 5 {
			_, _, err := c.Get(t.Context())
			require.ErrorIs(t, err, boom)
		}
		require.Equal(t, 1, o.fetches)
		time.Sleep(time.Second)
		o.failure = nil
		require.Equal(t, 2, get(t, c), "one second while there is nothing to serve with")
		o.failure = boom
		time.Sleep(time.Minute)
		require.Equal(t, 2, get(t, c))
		require.Equal(t, 3, o.fetches)
		time.Sleep(9 * time.Second)
		require.Equal(t, 2, get(t, c))
		require.Equal(t, 3, o.fetches, "ten seconds while the old value serves")
		time.Sleep(time.Second)
		require.Equal(t, 2, get(t, c))
		require.Equal(t, 4, o.fetches)
		time.Sleep(time.Hour)
		_, _, err := c.Get(t.Context())
		require.ErrorIs(t, err, boom, "the old value serves no longer")
	})
}

func TestNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{}
		c := refresh.New(refresh.Times{TTL: time.Minute, MaxStale: time.Hour, Cooldown: 10 * time.Second}, o.fetch)
		c.Seed(7)
		n, current, err := c.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, n)
		require.False(t, current)
		n, ok, err := c.Newer(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, 1, n)
		_, ok, err = c.Newer(t.Context())
		require.NoError(t, err)
		require.False(t, ok, "within the cool-down")
		time.Sleep(10 * time.Second)
		o.failure = errors.New("boom")
		_, ok, err = c.Newer(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, 1, get(t, c))
		require.Error(t, c.Refresh(t.Context()))
		o.failure, o.ttl = nil, time.Second
		require.NoError(t, c.Refresh(t.Context()))
		require.Equal(t, 4, get(t, c))
		time.Sleep(time.Second)
		n, current, err = c.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 5, n, "the origin's own time to live counts")
		require.True(t, current)
	})
}

func TestOneFetchForManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{delay: time.Second}
		c := refresh.New(refresh.Times{TTL: time.Minute, MaxStale: time.Hour, Cooldown: 10 * time.Second}, o.fetch)
		leader, giveUp := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			_, _, err := c.Get(leader)
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 10 {
			wait.Go(func() { require.Equal(t, 2, get(t, c)) })
			wait.Go(func() {
				_, ok, err := c.Newer(t.Context())
				require.NoError(t, err)
				require.True(t, ok)
			})
		}
		impatient, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		for _, call := range []func() error{
			func() error { _, _, err := c.Get(impatient); return err },
			func() error { _, _, err := c.Newer(impatient); return err },
			func() error { return c.Refresh(impatient) },
		} {
			wait.Go(func() { require.ErrorIs(t, call(), context.DeadlineExceeded) })
		}
		time.Sleep(500 * time.Millisecond)
		giveUp()
		wait.Wait()
		require.Equal(t, 2, o.fetches, "a waiter takes over when the first caller gives up")
	})
}

func TestAPanicEndsTheFetch(t *testing.T) {
	calls := 0
	c := refresh.New(refresh.Times{TTL: time.Minute, MaxStale: time.Hour, Cooldown: time.Second}, func(context.Context, int) (int, time.Duration, error) {
		if calls++; calls == 1 {
			panic("boom")
		}
		return calls, 0, nil
	})
	require.Panics(t, func() { _ = c.Refresh(t.Context()) })
	require.Equal(t, 2, get(t, c))
}

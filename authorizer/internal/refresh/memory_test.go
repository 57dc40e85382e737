package refresh_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer/internal/refresh"
)

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := refresh.NewMemory[int](2)
		put := func(id string, n int, life time.Duration) { m.Put(id, n, time.Now().Add(life)) }
		has := func(id string) bool {
			_, ok := m.Get(id)
			return ok
		}
		put("a", 1, time.Second)
		put("b", 2, time.Minute)
		put("c", 3, time.Minute)
		n, ok := m.Get("a")
		require.True(t, ok)
		require.Equal(t, 1, n)
		require.False(t, has("c"), "there is no room")
		time.Sleep(time.Second)
		require.False(t, has("a"), "its time is over")
		put("c", 3, time.Minute)
		require.True(t, has("c"), "what is over makes room")
		require.True(t, has("b"))
		m.Forget("b")
		require.False(t, has("b"))
		put("d", 4, 0)
		put("d", 4, -1)
		require.False(t, has("d"), "what is over already is not remembered")
	})
}

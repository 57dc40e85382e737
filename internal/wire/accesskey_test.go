package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

func TestAccessKeysHaveTheirAccount(t *testing.T) {
	seen := map[string]bool{}
	for _, account := range []string{"000000000000", "000000000001", "123456789012", "999999999999"} {
		for _, serial := range []uint32{0, 1, 2, 8_388_607} {
			id := wire.AccessKeyOf(account, serial)
			require.Regexp(t, "^ASIA[A-Z2-7]{16}$", id)
			require.False(t, seen[id])
			seen[id] = true
			got, ok := wire.AccountOfKey(id)
			require.True(t, ok)
			require.Equal(t, account, got)
		}
	}
	got, ok := wire.AccountOfKey("210987654321")
	require.True(t, ok)
	require.Equal(t, "210987654321", got)
	for _, id := range []string{"", "test", "AKIDEXAMPLE", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ASIA", "12345678901", "ASIA9999999999999999"} {
		_, ok := wire.AccountOfKey(id)
		require.False(t, ok, id)
	}
	require.PanicsWithValue(t, `wire: "1" is no account number`, func() { wire.AccessKeyOf("1", 0) })
}

package events_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/events"
)

func TestExplanation(t *testing.T) {
	p := events.MustPattern(`{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}],"test":[{"exists":false}]}}`)
	e, err := p.Explain([]byte(`{"source":"shop","detail":{"total":50}}`))
	require.NoError(t, err)
	require.Equal(t, "detail.total", e.Failed().Path)
	require.Equal(t, `no match
  yes: detail.test wants [{"exists":false}], the event has no value there
  no: detail.total wants [{"numeric":[">",100]}], the event has 50
  yes: source wants ["shop"], the event has "shop"`, e.String())

	p = events.MustPattern(`{"a":{"b":["1"],"c":["2"]}}`)
	e, err = p.Explain([]byte(`{"a":[{"b":"1","c":"3"},{"b":"9","c":"2"}]}`))
	require.NoError(t, err)
	require.Nil(t, e.Failed())
	require.Contains(t, e.String(), "different elements")
}

package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// errTB keeps what a fake complains about, and runs its cleanups on demand.
type errTB struct {
	logTB
	errs     []string
	cleanups []func()
}

func (e *errTB) Helper() {}

func (e *errTB) Errorf(format string, args ...any) {
	e.errs = append(e.errs, fmt.Sprintf(format, args...))
}

func (e *errTB) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

func (e *errTB) end() []string {
	for _, f := range e.cleanups {
		f()
	}
	return e.errs
}

type batchInput struct{ Entries []string }

type batchOutput struct {
	Failed []int `json:",omitempty"`
}

// batchServer answers entry by entry; it refuses an empty batch as a whole.
func batchServer(tb wire.TB) *wire.Server {
	return wire.NewServer(tb, wire.Service{Name: "orders", Package: "orderstest", Protocol: wire.JSON11("Orders"), Operations: []wire.Operation{
		wire.HandleBatch("Batch", func(ctx context.Context, in *batchInput) (*batchOutput, error) {
			if len(in.Entries) == 0 {
				return nil, wire.Errorf("Empty", 0, "empty")
			}
			out := &batchOutput{}
			for i := range in.Entries {
				if wire.CallOf(ctx).FailEntry(i) != nil {
					out.Failed = append(out.Failed, i)
				}
			}
			return out, nil
		}),
		wire.Handle("Other", func(context.Context, *nothing) (*nothing, error) { return nil, nil }),
	}})
}

func call(s *wire.Server, operation, body string) (status int, err error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "Orders."+operation)
	answer, err := s.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, nil
}

func TestFaultsThatCannotHappen(t *testing.T) {
	for name, test := range map[string]struct {
		inject func(*wire.Server)
		want   string
	}{
		"any":     {func(s *wire.Server) { s.Throttle("") }, ""},
		"served":  {func(s *wire.Server) { s.Delay("Other", 1) }, ""},
		"unknown": {func(s *wire.Server) { s.Fail("PutItme", errors.New("x")).Times(3) }, `orderstest: no service here has the operation "PutItme": a fault of it would never happen`},
		"case":    {func(s *wire.Server) { s.DropReply("other") }, `orderstest: no service here has the operation "other": a fault of it would never happen`},
		"nil":     {func(s *wire.Server) { s.Fail("Other", nil) }, `orderstest: Fail("Other") needs an error, and has nil`},
		"typed":   {func(s *wire.Server) { s.Fail("", (*wire.Error)(nil)).Times(-1) }, `orderstest: Fail("") needs an error, and has nil`},
		"partial": {func(s *wire.Server) { s.PartialFailure("Batch") }, `orderstest: PartialFailure("Batch") names no entry`},

		"no code":     {func(s *wire.Server) { s.Fail("Other", &wire.Error{}) }, `orderstest: Fail("Other"): the Error has no Code`},
		"no error":    {func(s *wire.Server) { s.Fail("Other", &wire.Error{Code: "X", Status: 200}) }, `orderstest: Fail("Other"): the Status 200 is not that of an error, 400 to 599`},
		"no status":   {func(s *wire.Server) { s.Fail("Other", &wire.Error{Code: "X", Status: 600}) }, `orderstest: Fail("Other"): the Status 600 is not that of an error, 400 to 599`},
		"unavailable": {func(s *wire.Server) { s.Fail("Other", &wire.Error{Code: "X", Status: 599}) }, ""},

		"negative entry":      {func(s *wire.Server) { s.PartialFailure("Batch", 0, -2) }, `orderstest: PartialFailure("Batch"): the entry -2: entries count from 0`},
		"no entries":          {func(s *wire.Server) { s.PartialFailure("Other", 0) }, `orderstest: PartialFailure("Other"): the operation has no entries that fail one by one`},
		"unknown, of entries": {func(s *wire.Server) { s.PartialFailure("PutItme", 0) }, `orderstest: no service here has the operation "PutItme": a fault of it would never happen`},
		"any batch":           {func(s *wire.Server) { s.PartialFailure("", 0) }, ""},
		"negative delay":      {func(s *wire.Server) { s.Delay("Other", -1) }, `orderstest: Delay("Other", -1ns): a delay is not negative`},
		"no delay":            {func(s *wire.Server) { s.Delay("Other", 0) }, ""},
		"all":                 {func(s *wire.Server) { s.Throttle("Other").Times(-1) }, ""},
		"negative times":      {func(s *wire.Server) { s.Throttle("Other").Times(-2) }, `orderstest: Times(-2): the number of calls is 0 or more, or -1 for all of them`},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &errTB{}
			test.inject(batchServer(tb))
			if test.want == "" {
				require.Empty(t, tb.errs)
				require.NotPanics(t, func() { test.inject(batchServer(nil)) })
				return
			}
			require.Equal(t, []string{test.want}, tb.errs)
			require.PanicsWithValue(t, test.want, func() { test.inject(batchServer(nil)) })
		})
	}
}

func TestAFaultOfSomeCallsAlone(t *testing.T) {
	s := batchServer(nil)
	s.Throttle("").When(func(r *wire.Record) bool { return r.Operation == "Other" }).Times(1)
	for _, test := range []struct {
		operation, body string
		want            int
	}{{"Batch", `{"Entries":["a"]}`, 200}, {"Other", "{}", 400}, {"Other", "{}", 200}} {
		status, err := call(s, test.operation, test.body)
		require.NoError(t, err)
		require.Equal(t, test.want, status, test.operation)
	}
}

func TestPartialFailureNeedsItsEntries(t *testing.T) {
	two, four := `{"Entries":["a","b"]}`, `{"Entries":["a","b","c","d"]}`
	for name, test := range map[string]struct {
		inject func(*wire.Server)
		bodies []string
		want   []string
	}{
		"found":                {func(s *wire.Server) { s.PartialFailure("Batch", 0, 1) }, []string{two}, nil},
		"beyond the batch":     {func(s *wire.Server) { s.PartialFailure("Batch", 1, 2, 7) }, []string{two}, []string{"[2 7]"}},
		"found by the first":   {func(s *wire.Server) { s.PartialFailure("Batch", 3).Times(2) }, []string{four, two}, nil},
		"found by the second":  {func(s *wire.Server) { s.PartialFailure("Batch", 3).Times(2) }, []string{two, four}, nil},
		"found by none":        {func(s *wire.Server) { s.PartialFailure("Batch", 9).Times(2) }, []string{two, four}, []string{"[9]"}},
		"found by none so far": {func(s *wire.Server) { s.PartialFailure("Batch", 9).Times(-1) }, []string{two, four}, []string{"[9]"}},
		"no call":              {func(s *wire.Server) { s.PartialFailure("Batch", 9) }, nil, nil},
		"refused as a whole":   {func(s *wire.Server) { s.PartialFailure("Batch", 0) }, []string{`{}`}, []string{"[0]"}},
		"two faults":           {func(s *wire.Server) { s.PartialFailure("Batch", 0); s.PartialFailure("Batch", 5) }, []string{two}, []string{"[5]"}},
		"not this one": {func(s *wire.Server) {
			s.PartialFailure("Batch", 0).When(func(*wire.Record) bool { return false })
		}, []string{two}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &errTB{}
			s := batchServer(tb)
			test.inject(s)
			for _, body := range test.bodies {
				_, err := call(s, "Batch", body)
				require.NoError(t, err)
			}
			if name != "found by none so far" {
				require.Len(t, tb.errs, len(test.want), "what is used up is reported at once")
			}
			var want []string
			for _, entries := range test.want {
				want = append(want, `orderstest: PartialFailure("Batch"): no call had the entries `+entries)
			}
			require.Equal(t, want, tb.end())
		})
	}
	tb := &errTB{}
	s := batchServer(tb)
	s.PartialFailure("", 1)
	for _, operation := range []string{"Other", "Batch"} { // an operation without entries is not hit
		_, err := call(s, operation, `{}`)
		require.NoError(t, err)
	}
	require.Equal(t, []string{`orderstest: PartialFailure(""): no call had the entries [1]`}, tb.end())
}

func TestFaultsWaitForAnOperationThatIsServed(t *testing.T) {
	s := batchServer(&errTB{})
	asked := 0
	s.Throttle("").When(func(*wire.Record) bool { asked++; return true })
	status, err := call(s, "Nowhere", `{}`)
	require.NoError(t, err)
	require.Equal(t, 400, status)
	require.Equal(t, "UnknownOperationException", s.Journal()[0].Outcome)
	require.Zero(t, asked)
	_, err = call(s, "Other", `{}`)
	require.NoError(t, err)
	require.Equal(t, "ThrottlingException", s.Journal()[1].Outcome)
}

// TestWhichFaultWins injects several faults at once and tells what the calls
// after that come to.
func TestWhichFaultWins(t *testing.T) {
	refused, dropped, fine := "refused", "dropped", "fine"
	for name, test := range map[string]struct {
		inject func(*wire.Server)
		want   []string
	}{
		"the failure before the drop": {func(s *wire.Server) { s.DropReply("Batch"); s.Throttle("Batch") }, []string{refused, dropped, fine}},
		"in the other order":          {func(s *wire.Server) { s.Throttle("Batch"); s.DropReply("Batch") }, []string{refused, dropped, fine}},
		"one failure a call":          {func(s *wire.Server) { s.Throttle("Batch"); s.Throttle("") }, []string{refused, refused, fine}},
		"all that change":             {func(s *wire.Server) { s.DropReply("Batch"); s.DropReply("") }, []string{dropped, fine}},
		"the failure before entries":  {func(s *wire.Server) { s.PartialFailure("Batch", 0); s.Throttle("Batch") }, []string{refused, "1 failed", fine}},
		"with a delay": {func(s *wire.Server) {
			s.Throttle("Batch")
			s.Delay("Batch", time.Second)
			s.Delay("Batch", time.Second)
		}, []string{"refused after 2s", fine}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := batchServer(t)
				test.inject(s)
				for i, want := range test.want {
					start := time.Now()
					r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"Entries":["a"]}`))
					r.Header.Set("X-Amz-Target", "Orders.Batch")
					answer, err := s.Do(r)
					got := fine
					switch {
					case errors.Is(err, wire.ErrReplyDropped):
						got = dropped
					case err != nil:
						got = err.Error()
					case answer.StatusCode != 200:
						got = refused
					case answer.ContentLength == int64(len(`{"Failed":[0]}`)):
						got = "1 failed"
					}
					if waited := time.Since(start); waited > 0 {
						got += " after " + waited.String()
					}
					require.Equal(t, want, got, "call %d", i)
					require.Equal(t, want == dropped, s.Journal()[i].Dropped)
				}
			})
		})
	}
}

func TestOnlyWhatWasCarriedOutIsDropped(t *testing.T) {
	s := batchServer(nil)
	s.DropReply("Batch").Times(-1)
	for body, want := range map[string]bool{`{"Entries":["a"]}`: true, `{}`: true, `{"X":1}`: false, `null`: false} {
		_, err := call(s, "Batch", body)
		require.Equal(t, want, errors.Is(err, wire.ErrReplyDropped), body)
		calls := s.Journal()
		require.Equal(t, want, calls[len(calls)-1].Dropped, body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Delay("Batch", time.Hour).When(func(*wire.Record) bool { cancel(); return true })
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(`{}`))
	r.Header.Set("X-Amz-Target", "Orders.Batch")
	_, err := s.Do(r)
	require.ErrorIs(t, err, context.Canceled)
	calls := s.Journal()
	require.Len(t, calls, 5)
	require.False(t, calls[len(calls)-1].Dropped)
}

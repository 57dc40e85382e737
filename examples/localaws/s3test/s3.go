// Package s3test is Amazon S3 in your process: buckets and objects in memory, with
// faults and a journal as the other fakes of this module have them. What it answers
// is the work of gofakes3.
//
//	storage := s3test.New(t)
//	client := storage.Client() // the real SDK client
//	storage.NewBucket("invoices")
//
// # Semantics
//
// Objects, listings, deletion of several objects, multipart uploads, copies and
// versioning are what gofakes3 makes of them. Addresses with the bucket in the path
// and in the host are taken, and bodies in chunks with their checksums. The buckets
// are those of all accounts and regions: their names are global on AWS, too. Shown by
// TestObjects and TestSnapshots.
//
// Where other SDKs found gofakes3 to answer as S3 does not, the package does it: an
// object replaces the metadata of the one before, pages of a listing end where its keys
// do, an empty one has a count, and names of metadata are in lower case. Shown by
// TestAnObjectReplacesAnother, TestPagesOfAListing and TestHeadersOfAnswers.
//
// # Not simulated
//
// Who may do what, notifications, lifecycle rules, encryption, storage classes,
// object locks, tags of buckets and objects. gofakes3 answers some of their calls
// with an empty result, and ignores headers that it does not know.
//
// # Testing
//
// Snapshot keeps the current versions of all objects, not the older ones. Faults name
// operations as the SDK does: storage.Fail("PutObject", err).
package s3test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/patternkit/serverless/internal/wire"
)

// S3 is Amazon S3 in process. It is safe for concurrent use.
type S3 struct {
	server *wire.Server

	mu      sync.Mutex
	backend *s3mem.Backend
	handler http.Handler
}

// New returns an S3 without buckets. The tb may be nil.
func New(tb TB) *S3 {
	s := &S3{}
	s.use(s3mem.New())
	s.server = wire.NewServer(tb, wire.Service{
		Name:     "s3",
		Package:  "s3test",
		Protocol: wire.RESTXML(func(o *wire.RESTOptions) { o.BareErrors = true }),
		HTTP: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			handler := s.handler
			s.mu.Unlock()
			serve(handler, w, r)
		}),
		MaxBody:   5 << 30,
		Throttled: wire.Errorf("SlowDown", http.StatusServiceUnavailable, "Please reduce your request rate."),
	})
	s.server.DumpOnFailure("S3", &s.mu, s.dump)
	return s
}

// use makes a backend the one that is served.
func (s *S3) use(memory *s3mem.Backend) {
	s.backend, s.handler = memory, gofakes3.New(backend{memory}).Server()
}

// NewBucket creates a bucket. One that is there already, or a name that S3 would not
// take, panics.
func (s *S3) NewBucket(name string) {
	s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := gofakes3.ValidateBucketName(name)
	if err == nil {
		err = s.backend.CreateBucket(name)
	}
	if err != nil {
		panic(fmt.Sprintf("s3test: NewBucket %q: %v", name, err))
	}
}

// Objects returns the contents of a bucket by key, nil when there is no such bucket.
func (s *S3) Objects(bucket string) map[string][]byte {
	s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, ok := buckets(s.backend)[bucket]
	if !ok {
		return nil
	}
	out := map[string][]byte{}
	for key, o := range stored {
		out[key] = o.body
	}
	return out
}

// object is a stored object.
type object struct {
	metadata map[string]string
	body     []byte
}

// buckets reads everything; a backend in memory has no other errors than that
// something is not there, which is then left out.
func buckets(backend *s3mem.Backend) map[string]map[string]object {
	out := map[string]map[string]object{}
	all, _ := backend.ListBuckets()
	for _, b := range all {
		objects := map[string]object{}
		list, err := backend.ListBucket(b.Name, nil, gofakes3.ListBucketPage{})
		if err != nil {
			continue
		}
		for _, c := range list.Contents {
			if o, err := backend.GetObject(b.Name, c.Key, nil); err == nil {
				body, _ := io.ReadAll(o.Contents)
				_ = o.Contents.Close()
				objects[c.Key] = object{maps.Clone(o.Metadata), body}
			}
		}
		out[b.Name] = objects
	}
	return out
}

// Snapshot is the state of an [S3] at one moment: its buckets with the current
// versions of their objects. It does not change.
type Snapshot struct {
	of      *wire.Server
	buckets map[string]map[string]object
}

// Snapshot returns the state. The journal and the faults are not part of it.
func (s *S3) Snapshot() *Snapshot {
	server := s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Snapshot{server, buckets(s.backend)}
}

// Restore brings the state of the snapshot back, any number of times. A nil
// snapshot panics, and so does one that this fake has not taken.
func (s *S3) Restore(snapshot *Snapshot) {
	s.checkSnapshot(snapshot)
	s.restore(snapshot)
}

func (s *S3) restore(snapshot *Snapshot) {
	backend := s3mem.New()
	for name, objects := range snapshot.buckets {
		_ = backend.CreateBucket(name) // it is new
		for key, o := range objects {
			_, _ = backend.PutObject(name, key, maps.Clone(o.metadata), bytes.NewReader(o.body), int64(len(o.body)), nil)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(backend)
}

// Reset empties the fake, as New made it: buckets, faults and journal.
func (s *S3) Reset() {
	s.made().Reset()
	s.restore(&Snapshot{})
}

// Dump returns the buckets and the keys of their objects as text. A test that used
// the fake and has failed logs the first 100 lines of it by itself, with the last 20
// calls.
func (s *S3) Dump() string {
	s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
}

func (s *S3) dump() string {
	var d wire.Dump
	all := buckets(s.backend)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d.Line(0, "bucket %s: %s", name, wire.Plural(len(all[name]), "object", "objects"))
		for _, key := range slices.Sorted(maps.Keys(all[name])) {
			d.Line(1, "%s: %s", key, wire.Plural(len(all[name][key].body), "byte", "bytes"))
		}
	}
	return d.String()
}

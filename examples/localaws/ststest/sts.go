package ststest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"maps"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// STS is AWS Security Token Service in process. It is safe for concurrent use.
type STS struct {
	server *wire.Server

	mu       sync.Mutex
	sessions map[string]session // by access key id
	serial   uint32
}

// session is who has the credentials with an access key id.
type session struct {
	account, arn, userID string
	role                 bool // it has assumed one
	expires              time.Time
}

// New returns an STS that has given out no credentials.
func New(tb TB) *STS {
	s := &STS{sessions: map[string]session{}}
	s.server = wire.NewServer(tb, wire.Service{
		Name:      "sts",
		Package:   "ststest",
		Protocol:  wire.Query("2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
		Throttled: &wire.Error{Code: "Throttling", Message: "Rate exceeded"},
		Operations: []wire.Operation{
			wire.Handle("AssumeRole", s.assumeRole),
			wire.Handle("GetAccessKeyInfo", s.getAccessKeyInfo),
			wire.Handle("GetCallerIdentity", s.getCallerIdentity),
			wire.Handle("GetSessionToken", s.getSessionToken),
		},
	})
	s.server.DumpOnFailure("STS", &s.mu, s.dump)
	return s
}

// caller is the session that has signed a call; the lock is held.
func (s *STS) caller(ctx context.Context) (session, error) {
	c := wire.CallOf(ctx)
	known, ok := s.sessions[c.AccessKeyID]
	if _, given := wire.AccountOfKey(c.AccessKeyID); !ok && given && len(c.AccessKeyID) > len(c.Account) { // before Reset
		return session{}, &wire.Error{Code: "InvalidClientTokenId", Status: 403, Message: "The security token included in the request is invalid."}
	}
	if !ok {
		return session{account: c.Account, arn: "arn:aws:iam::" + c.Account + ":root", userID: c.Account}, nil
	}
	if !time.Now().Before(known.expires) {
		return session{}, &wire.Error{Code: "ExpiredToken", Status: 403, Message: "The security token included in the request is expired"}
	}
	return known, nil
}

type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// maxSessions is how many sessions are kept. Beyond it those that have expired are
// dropped.
const maxSessions = 10_000

// open gives out credentials; the lock is held.
func (s *STS) open(who session, now time.Time, seconds int) *credentials {
	if len(s.sessions) >= maxSessions {
		maps.DeleteFunc(s.sessions, func(_ string, old session) bool { return !now.Before(old.expires) })
	}
	s.serial++
	who.expires = now.Add(time.Duration(seconds) * time.Second)
	id := wire.AccessKeyOf(who.account, s.serial)
	s.sessions[id] = who
	return &credentials{
		AccessKeyID: id, SecretAccessKey: random(30), SessionToken: "IQoJb3JpZ2luX2Vj" + random(240),
		Expiration: who.expires.UTC().Format(time.RFC3339),
	}
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // it never fails
	return base64.StdEncoding.EncodeToString(b)
}

// uniqueID is the id that IAM would give something: the same for the same ARN.
func uniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
